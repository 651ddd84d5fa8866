// A finding as a row of baton.health and baton.promotion_check, which have the same columns.
#pragma once

#include "core/finding.hpp"
#include "pg/tuples.hpp"

namespace baton {

inline void AddFinding(const core::Finding& finding, TimestampTz checked_at,
                       pg::ResultSet& result) {
  pg::RowBuilder row;
  row.Text(finding.check_name.view())
      .Text(core::StatusText(finding.status))
      .Text(finding.value.view())
      .Text(finding.threshold.view())
      .Text(finding.message.view())
      .Text(finding.hint.view())
      .Time(checked_at)
      .Float8(finding.value_number)
      .Text(finding.unit.view())
      .Float8(finding.warning_at)
      .Float8(finding.critical_at)
      .Time(finding.since);
  result.Add(row);
}

}  // namespace baton
