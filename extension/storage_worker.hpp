// The process that touches the disk so that nobody else has to: it tries a small durable write,
// measures free space, counts what waits for the archive, and keeps the library's own files.  When
// the storage hangs, this process hangs, and what it had begun says so.
#pragma once

namespace baton {

void RegisterStorageWorker();

}  // namespace baton
