// A backup: one tar.zst of an installation, consistent while it works.
//
//   holdfast.json, ledger.vkey     the configuration and the log's public key
//   database.sqlite | database.pgdump
//   blobs/ab/cdef...               every stored content
//   token/...                      only when asked for: it holds the ledger's private key
//   manifest.json                  last: {"format": "holdfast-backup@1", ..., "files": {NAME: {"size", "sha256"}}}
//
// The database comes first and the blobs after it: a row never names a blob that the backup lacks.
#pragma once

#include <functional>
#include <optional>

#include "instance/instance.h"

namespace hf::instance {

struct BackupSummary {
  std::uint64_t files = 0, bytes = 0;
  std::string origin, engine;
  bool with_token = false;
};
using BackupProgress = std::function<void(std::uint64_t files)>;

// HF-BACKUP-0001 the file exists, HF-BACKUP-0002 it cannot be written, HF-BACKUP-0004 something cannot be read,
// HF-DB-0010, HF-DB-0011.
Result<BackupSummary> back_up(Instance& instance, const std::filesystem::path& file, bool with_token,
                              const BackupProgress& progress = {});

// Into an absent or empty directory and an empty database: the one of the backup, or `database` if given. Nothing is
// in place before every file is as the manifest says. HF-BACKUP-0003 not a whole backup, HF-BACKUP-0005 no such file,
// HF-BACKUP-0006 a file is not what was backed up, HF-BACKUP-0007 the directory is not empty, HF-DB-0010 to 0012.
Result<BackupSummary> restore(const std::filesystem::path& file, const std::filesystem::path& data,
                              std::string_view database = {}, const BackupProgress& progress = {});

}  // namespace hf::instance
