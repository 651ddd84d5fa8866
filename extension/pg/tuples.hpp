// Results of SQL functions, rows of typed columns with NULL for what is empty or none; and of what
// they are called with what needs more than a macro.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/lsn.hpp"

namespace baton::pg {

// The columns of one row, put in their order.  Values are allocated in the current memory context.
class RowBuilder {
 public:
  RowBuilder& Text(std::string_view text);         // NULL if empty
  RowBuilder& TextOrEmpty(std::string_view text);  // never NULL
  RowBuilder& Bool(std::optional<bool> value);
  RowBuilder& Int4(std::int32_t value);
  RowBuilder& Int8(std::optional<std::int64_t> value);
  RowBuilder& Float8(std::optional<double> value);
  RowBuilder& Lsn(core::Lsn lsn);                   // NULL if none
  RowBuilder& Timeline(core::TimelineId timeline);  // integer; NULL if none
  RowBuilder& Interval(std::optional<std::chrono::microseconds> value);
  RowBuilder& Time(TimestampTz moment);                          // NULL if 0
  RowBuilder& TextArray(const std::vector<std::string>& texts);  // never NULL
  RowBuilder& Null();

  Datum* values() { return values_; }
  bool* nulls() { return nulls_; }
  int count() const { return count_; }

 private:
  static constexpr int kMaxColumns = 32;
  RowBuilder& Put(Datum value);

  Datum values_[kMaxColumns];
  bool nulls_[kMaxColumns];
  int count_ = 0;
};

// The result of a function that returns SETOF record: rows go to a tuplestore at once.
class ResultSet {
 public:
  explicit ResultSet(FunctionCallInfo fcinfo);
  void Add(RowBuilder& row);

 private:
  ReturnSetInfo* info_;
};

// The one row of a function that returns record.
Datum SingleRow(FunctionCallInfo fcinfo, RowBuilder& row);

// A text argument in UTF-8; empty for NULL.
std::string TextFrom(FunctionCallInfo fcinfo, int argument);

// The name of the role that calls.
std::string Asker();

// A timeout given as an interval, rounded up; throws kUsage unless it is positive and free of
// months.
std::chrono::milliseconds TimeoutFrom(const ::Interval& interval);

}  // namespace baton::pg
