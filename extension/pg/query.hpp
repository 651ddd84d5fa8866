// SQL from C++: one SPI session, its rows as C++ values.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "core/lsn.hpp"

namespace baton::pg {

using Row = std::vector<std::optional<std::string>>;  // nullopt is NULL

// Runs statements in the current transaction.  Statements pass constants and take every argument as
// text ($1 ...), cast where needed; all names in them are qualified.  A backend error leaves the
// session to the transaction's abort.
class Spi {
 public:
  Spi();
  Spi(const Spi&) = delete;
  Spi& operator=(const Spi&) = delete;

  std::vector<Row> Run(const char* sql, std::initializer_list<const char*> arguments = {});
  // For a worker that reads with the same statement again and again: it is planned once.  `sql` is
  // a constant, known by its address.
  std::vector<Row> RunAgain(const char* sql);
  void Finish();

 private:
  static std::vector<Row> Fetch();
};

// While it lives, this backend's statements may read everything: for facts that do not depend on
// who asks for them.  What they say is constants with qualified names.
class AsSuperuser {
 public:
  AsSuperuser();
  ~AsSuperuser();
  AsSuperuser(const AsSuperuser&) = delete;
  AsSuperuser& operator=(const AsSuperuser&) = delete;

 private:
  unsigned int user_ = 0;
  int context_ = 0;
};

// The column of a row, "" for NULL.
std::string TextAt(const Row& row, std::size_t column);
// The same as a number; nullopt for NULL.
std::optional<std::int64_t> NumberAt(const Row& row, std::size_t column);
core::Lsn LsnAt(const Row& row, std::size_t column);  // none for NULL

// A transaction of a background worker; ended by Commit, or by the death of the worker.
class WorkerTransaction {
 public:
  WorkerTransaction();
  WorkerTransaction(const WorkerTransaction&) = delete;
  WorkerTransaction& operator=(const WorkerTransaction&) = delete;
  void Commit();
};

}  // namespace baton::pg
