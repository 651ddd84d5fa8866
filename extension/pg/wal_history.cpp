#include "pg/wal_history.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include "pg/guard.hpp"

namespace baton::pg {
namespace {

struct Extent {
  TimeLineID timeline;
  XLogRecPtr end;
};

// A page that is not there is no error: it ends what can be read.
int ReadPage(XLogReaderState* reader, XLogRecPtr page, int needed, XLogRecPtr, char* buffer) {
  const auto* const extent = static_cast<const Extent*>(reader->private_data);
  if (page + static_cast<XLogRecPtr>(needed) > extent->end) return -1;
  const auto count =
      static_cast<std::size_t>(std::min<XLogRecPtr>(XLOG_BLCKSZ, extent->end - page));
  char path[MAXPGPATH];
  XLogSegNo segment = 0;
  XLByteToSeg(page, segment, wal_segment_size);
  XLogFilePath(path, extent->timeline, segment, wal_segment_size);
  const int file = BasicOpenFile(path, O_RDONLY | PG_BINARY);
  if (file < 0) return -1;
  const auto offset = static_cast<off_t>(XLogSegmentOffset(page, wal_segment_size));
  const ssize_t got = pread(file, buffer, count, offset);
  close(file);
  reader->seg.ws_tli = extent->timeline;
  return got == static_cast<ssize_t>(count) ? static_cast<int>(count) : -1;
}

void CloseNothing(XLogReaderState*) {}

}  // namespace

core::Lsn BeginningOf(core::TimelineId timeline) {
  return core::Lsn(Call([timeline] {
    List* const history = readTimeLineHistory(timeline);
    XLogRecPtr begin = InvalidXLogRecPtr;
    const ListCell* cell = nullptr;
    foreach (cell, history) {
      const auto* const entry = static_cast<const TimeLineHistoryEntry*>(lfirst(cell));
      if (entry->tli == timeline) begin = entry->begin;
    }
    list_free_deep(history);
    return begin;
  }));
}

bool HasRecordAt(core::TimelineId timeline, core::Lsn at, core::Lsn end) {
  if (at.IsNone() || end <= at) return false;
  return Call([&] {
    Extent extent{timeline, end.bytes()};
    XLogReaderRoutine routine{};
    routine.page_read = ReadPage;
    routine.segment_close = CloseNothing;
    XLogReaderState* const reader =
        XLogReaderAllocate(wal_segment_size, nullptr, &routine, &extent);
    if (reader == nullptr)
      ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
    XLogBeginRead(reader, at.bytes());
    char* error = nullptr;
    const bool found = XLogReadRecord(reader, &error) != nullptr;
    XLogReaderFree(reader);
    return found;
  });
}

std::optional<core::TimelineId> NewestHistoryAbove(core::TimelineId timeline) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(XLOGDIR), &closedir);
  if (folder == nullptr) return std::nullopt;
  core::TimelineId newest = 0;
  while (const dirent* const entry = readdir(folder.get())) {
    const char* const name = entry->d_name;
    if (!IsTLHistoryFileName(name)) continue;
    const auto found = static_cast<core::TimelineId>(std::stoul(std::string(name, 8), nullptr, 16));
    if (found > timeline) newest = std::max(newest, found);
  }
  return newest;
}

}  // namespace baton::pg
