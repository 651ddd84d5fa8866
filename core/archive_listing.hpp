// What is in an archive, by names alone: segments as sets of bits, the few other files by name.  A
// name is added once, in any order; what is kept does not grow with the number of segments that
// follow each other, nor with that of files which belong to nobody.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/archive_name.hpp"
#include "core/segment_set.hpp"

namespace baton::core {

// How a file is stored: the ways of Packing, and those that are only recognised.
enum class Stored { kPlain, kZstd, kLz4, kGzip, kXz, kBzip2 };
inline constexpr std::size_t kWaysToStore = 6;
inline constexpr std::array kAllStored = {Stored::kPlain, Stored::kZstd, Stored::kLz4,
                                          Stored::kGzip,  Stored::kXz,   Stored::kBzip2};
std::string_view StoredEnding(Stored stored);
std::optional<Packing> PackingOf(Stored stored);  // nullopt if it cannot be unpacked here

// A name with control characters and all that is not ASCII written as \xNN, so that it can be shown
// anywhere.
std::string ShownName(std::string_view name);

// The first names in their order, and how many there were.
class SomeNames {
 public:
  static constexpr std::size_t kMost = 100;
  void Add(std::string_view name);
  const std::set<std::string>& first() const { return first_; }
  std::uint64_t more() const { return count_ - first_.size(); }

 private:
  std::set<std::string> first_;
  std::uint64_t count_ = 0;
};

struct TimelineFiles {
  std::array<SegmentSet, kWaysToStore> whole;
  std::array<SegmentSet, kWaysToStore> partial;

  // The first place from there on where there is a whole segment, or a partial one.
  std::optional<SegmentPlace> NextWhole(SegmentPlace from) const { return Next(whole, from); }
  std::optional<SegmentPlace> Next(SegmentPlace from) const;
  std::optional<SegmentPlace> LastWhole() const;

 private:
  static std::optional<SegmentPlace> Next(const std::array<SegmentSet, kWaysToStore>& sets,
                                          SegmentPlace from);
};

class ArchiveListing {
 public:
  void Add(std::string_view file, bool is_directory);

  const std::map<TimelineId, TimelineFiles>& timelines() const { return timelines_; }
  std::uint64_t segments() const { return segments_; }  // whole and partial files
  // Histories and notes of base backups: the server's name, and how it is stored.
  const std::set<std::pair<std::string, Stored>>& histories() const { return histories_; }
  const std::set<std::pair<std::string, Stored>>& backups() const { return backups_; }
  // Named as a file that was not finished, by a tool that copies.
  const SomeNames& temporary() const { return temporary_; }
  const SomeNames& foreign() const { return foreign_; }

 private:
  std::map<TimelineId, TimelineFiles> timelines_;
  std::uint64_t segments_ = 0;
  std::set<std::pair<std::string, Stored>> histories_;
  std::set<std::pair<std::string, Stored>> backups_;
  SomeNames temporary_;
  SomeNames foreign_;
};

}  // namespace baton::core
