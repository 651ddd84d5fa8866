// The server's large piece of shared memory, when the server begins anew in place.
#pragma once

namespace baton::pg {

// Before this server begins anew in place (src/backend/postmaster/postmaster.c): lets a process of
// its own hold the shared memory until the postmaster has let go of it.  The kernel then gives its
// pages back while recovery runs already, and not before: 8 GB of them cost more than a second.
// Does nothing where there is little of it, where the next piece could not be had beside this one
// (huge pages, strict overcommit), or where the kernel does not tell.  The process is the first to
// go when memory runs out, and ends within a minute in any case.  Workers only.
void FreeSharedMemoryAside();

}  // namespace baton::pg
