// A directory of one test's own, gone with it.
#pragma once

#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace hf::test {

class TempDir {
 public:
  TempDir() {
    // In memory where that is possible: tests of crashes sync thousands of files.
    const std::filesystem::path memory = "/dev/shm";
    const bool usable = !std::getenv("TMPDIR") && ::access(memory.c_str(), W_OK | X_OK) == 0;
    auto pattern = ((usable ? memory : std::filesystem::temp_directory_path()) / "holdfast-test-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) std::abort();
    path_ = std::filesystem::canonical(pattern);
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace hf::test
