#include "core/known_primary.hpp"

#include <algorithm>

namespace baton::core {
namespace {

// What was seen of a silent node stays in its row, so this may be what it was.
bool IsPrimary(const PeerRow* row) { return row != nullptr && row->role == Role::kPrimary; }

const PeerRow* NewestAnsweringPrimary(const std::vector<PeerRow>& rows) {
  const PeerRow* newest = nullptr;
  for (const PeerRow& row : rows) {
    if (!row.reachable || row.role != Role::kPrimary) continue;
    if (newest == nullptr || row.timeline > newest->timeline) newest = &row;
  }
  return newest;
}

KnownPrimary Of(const PeerRow& primary, bool alive) {
  return {primary.name, primary.timeline, alive, primary.reign};
}

// The first source that knows one counts: the upstream that is it, the upstream's own word, another
// node that answers as primary, and what was known before the upstream fell silent.
KnownPrimary OfStandby(const OwnView& view) {
  const PeerRow* const upstream = RowOf(view.rows, view.upstream);
  if (IsPrimary(upstream) && upstream->reachable) return Of(*upstream, true);
  const bool told = upstream != nullptr && upstream->role == Role::kStandby &&
                    !upstream->primary.empty() && upstream->primary.view() != view.name;
  if (told && upstream->reachable) {
    const PeerRow* const primary = RowOf(view.rows, upstream->primary.view());
    const bool answers = IsPrimary(primary) && primary->reachable;
    // The upstream's word that it lives is of a moment ago, and whoever wants to know asks it.
    KnownPrimary known{upstream->primary, upstream->primary_timeline, answers, upstream->reign};
    if (answers) {
      known.timeline = primary->timeline;
      known.reign = primary->reign;
    }
    return known;
  }
  if (const PeerRow* const primary = NewestAnsweringPrimary(view.rows)) return Of(*primary, true);
  if (IsPrimary(upstream)) return Of(*upstream, view.streaming);
  if (told) return {upstream->primary, upstream->primary_timeline, false, upstream->reign};
  return {};
}

}  // namespace

const PeerRow* RowOf(const std::vector<PeerRow>& rows, std::string_view name) {
  if (name.empty()) return nullptr;
  const auto found = std::find_if(rows.begin(), rows.end(),
                                  [&](const PeerRow& row) { return row.name.view() == name; });
  return found == rows.end() ? nullptr : &*found;
}

KnownPrimary FindPrimary(const OwnView& view) {
  if (view.role == Role::kPrimary) {
    // A reign of an earlier timeline is over.
    const bool current = view.reign.timeline == view.timeline;
    return {view.name, view.timeline, true, current ? view.reign : Reign{0, view.timeline, {}}};
  }
  KnownPrimary known = OfStandby(view);
  // That a newer reign is known does not mean that its WAL is here.
  if (known.reign.timeline != view.timeline) known.reign = {0, view.timeline, {}};
  return known;
}

}  // namespace baton::core
