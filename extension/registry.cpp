#include "registry.hpp"

#include "settings.hpp"

namespace baton {

const RegisteredNode* FindNode(const Registry& registry, std::string_view name) {
  for (const RegisteredNode& node : registry.nodes) {
    if (node.name.view() == name) return &node;
  }
  return nullptr;
}

std::vector<RegisteredNode> OtherNodes(const Registry& registry) {
  const std::string own_name = setting::NodeName();
  std::vector<RegisteredNode> others;
  for (const RegisteredNode& node : registry.nodes) {
    if (node.name.view() != own_name) others.push_back(node);
  }
  return others;
}

}  // namespace baton
