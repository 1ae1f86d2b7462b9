#include "crypto/token_copy.h"

#include <algorithm>
#include <vector>

#include "crypto/private_file.h"

namespace hf::crypto {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kObjectMax = 64U << 10;  // 320 bytes in SoftHSM 2.6

struct Pair {
  fs::path object, kept;
};

Result<std::vector<Pair>> pairs_in(const fs::path& directory) {
  std::vector<Pair> pairs;
  std::error_code error;
  for (fs::directory_iterator at(directory / "tokens", error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename();
    pairs.push_back({at->path() / "token.object", directory / "kept" / (name.string() + ".object")});
  }
  if (error)
    return fail(ErrorKind::unavailable, "HF-TOKEN-0004", "cannot read " + (directory / "tokens").string(),
                error.message());
  return pairs;
}

// Empty if it is not there: what lacks the rights to be read is not overwritten.
Result<Secret> content_of(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error) && !error) return Secret(0);
  return read_private_file(path, kObjectMax);
}

Result<void> copy_all(const std::vector<Pair>& pairs, bool restore) {
  for (const auto& [object, kept] : pairs) {
    HF_TRY(const auto now, content_of(object));
    HF_TRY(const auto then, content_of(kept));
    const bool torn = now.size() < then.size();
    if (restore && torn) HF_CHECK(write_private_file(object, then.bytes()));
    if (!restore && !torn && !std::ranges::equal(now.bytes(), then.bytes()))
      HF_CHECK(write_private_file(kept, now.bytes()));
  }
  return {};
}

}  // namespace

Result<void> keep_token_objects(const fs::path& directory) {
  HF_TRY(const auto pairs, pairs_in(directory));
  std::error_code error;
  if (fs::create_directory(directory / "kept", error); !error)
    fs::permissions(directory / "kept", fs::perms::owner_all, error);
  if (error)
    return fail(ErrorKind::unavailable, "HF-TOKEN-0004", "cannot prepare " + (directory / "kept").string(),
                error.message());
  return copy_all(pairs, false);
}

Result<void> restore_token_objects(const fs::path& directory) {
  HF_TRY(const auto pairs, pairs_in(directory));
  return copy_all(pairs, true);
}

}  // namespace hf::crypto
