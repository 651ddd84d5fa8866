// The plan of a rejoin for people, line by line, and in the result of the command.
#pragma once

#include "helper/rejoin/survey.hpp"
#include "helper/rejoin/workplace.hpp"

namespace baton::helper {

void ShowPlan(const Workplace& place, const Survey& survey);

}  // namespace baton::helper
