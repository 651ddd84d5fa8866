#include "pg/tuples.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"

namespace baton::pg {

RowBuilder& RowBuilder::Put(Datum value) {
  if (count_ == kMaxColumns) throw core::Error(core::ErrorCode::kFailed, "too many columns");
  values_[count_] = value;
  nulls_[count_++] = false;
  return *this;
}

RowBuilder& RowBuilder::TextArray(const std::vector<std::string>& texts) {
  const int count = static_cast<int>(texts.size());
  Datum* const items =
      Call([count] { return static_cast<Datum*>(palloc(sizeof(Datum) * std::max(count, 1))); });
  for (int i = 0; i < count; ++i) {
    const char* const text = texts[i].c_str();
    items[i] = Call([text] { return CStringGetTextDatum(text); });
  }
  return Put(Call([items, count] {
    return PointerGetDatum(construct_array(items, count, TEXTOID, -1, false, TYPALIGN_INT));
  }));
}

RowBuilder& RowBuilder::Null() {
  Put(Datum{0});
  nulls_[count_ - 1] = true;
  return *this;
}

RowBuilder& RowBuilder::Text(std::string_view text) {
  return text.empty() ? Null() : TextOrEmpty(text);
}

RowBuilder& RowBuilder::TextOrEmpty(std::string_view text) {
  return Put(Call([&] {
    return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
  }));
}

RowBuilder& RowBuilder::Bool(std::optional<bool> value) {
  return value ? Put(BoolGetDatum(*value)) : Null();
}

RowBuilder& RowBuilder::Int4(std::int32_t value) { return Put(Int32GetDatum(value)); }

RowBuilder& RowBuilder::Int8(std::optional<std::int64_t> value) {
  return value ? Put(Int64GetDatum(*value)) : Null();
}

RowBuilder& RowBuilder::Float8(std::optional<double> value) {
  return value ? Put(Float8GetDatum(*value)) : Null();
}

RowBuilder& RowBuilder::Lsn(core::Lsn lsn) {
  return lsn.IsNone() ? Null() : Put(LSNGetDatum(lsn.bytes()));
}

RowBuilder& RowBuilder::Timeline(core::TimelineId timeline) {
  return timeline == 0 ? Null() : Put(Int32GetDatum(static_cast<std::int32_t>(timeline)));
}

RowBuilder& RowBuilder::Interval(std::optional<std::chrono::microseconds> value) {
  if (!value) return Null();
  return Put(Call([&] {
    auto* const interval = static_cast<::Interval*>(palloc0(sizeof(::Interval)));
    interval->time = value->count();
    return PointerGetDatum(interval);
  }));
}

RowBuilder& RowBuilder::Time(TimestampTz moment) {
  return moment == 0 ? Null() : Put(TimestampTzGetDatum(moment));
}

ResultSet::ResultSet(FunctionCallInfo fcinfo)
    : info_(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo)) {
  Call([fcinfo] { InitMaterializedSRF(fcinfo, 0); });
}

void ResultSet::Add(RowBuilder& row) {
  Call([&] {
    if (row.count() != info_->setDesc->natts) elog(ERROR, "row has %d columns", row.count());
    tuplestore_putvalues(info_->setResult, info_->setDesc, row.values(), row.nulls());
  });
}

Datum SingleRow(FunctionCallInfo fcinfo, RowBuilder& row) {
  return Call([&] {
    TupleDesc descriptor = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE ||
        descriptor->natts != row.count()) {
      elog(ERROR, "row has %d columns", row.count());
    }
    return HeapTupleGetDatum(
        heap_form_tuple(BlessTupleDesc(descriptor), row.values(), row.nulls()));
  });
}

std::string TextFrom(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return "";
  const Datum value = PG_GETARG_DATUM(argument);
  return Call([value] {
    char* const given = TextDatumGetCString(value);
    return pg_server_to_any(given, static_cast<int>(strlen(given)), PG_UTF8);
  });
}

std::string Asker() {
  return Call([] { return GetUserNameFromId(GetUserId(), false); });
}

std::chrono::milliseconds TimeoutFrom(const ::Interval& interval) {
  // More than the server can wait for at a time is no use to anybody.
  constexpr std::int64_t kMost = 20 * USECS_PER_DAY;
  const bool absurd = interval.day > 20 || interval.time > kMost;
  const std::int64_t us = absurd ? kMost + 1 : interval.day * USECS_PER_DAY + interval.time;
  if (us > kMost) {
    throw core::Error(core::ErrorCode::kUsage, "timeout must not be longer than 20 days");
  }
  if (us <= 0 || interval.month != 0) {
    throw core::Error(core::ErrorCode::kUsage,
                      "timeout must be greater than zero, and not be given in months");
  }
  return std::chrono::milliseconds((us + 999) / 1000);
}

}  // namespace baton::pg
