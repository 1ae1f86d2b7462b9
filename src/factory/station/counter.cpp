#include "factory/station/counter.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <vector>

#include "base/descriptor.h"
#include "base/text.h"
#include "crypto/private_file.h"

namespace hf::factory {
namespace {

namespace fs = std::filesystem;

auto no_answer(const std::string& what, std::string detail = {}) {
  return fail(ErrorKind::unavailable, "HF-STATION-0010",
              "the station's counter " + what + "; nothing is issued without it", std::move(detail));
}

class FileCounter final : public Counter {
 public:
  explicit FileCounter(fs::path path) : path_(std::move(path)) {}

  Result<std::int64_t> value() override {
    constexpr std::size_t kSizeMax = 32;
    const auto text = crypto::read_private_file(path_, kSizeMax);
    if (!text) return no_answer(path_.string() + " cannot be read", text.error().message);
    const auto digits = trim(text->text());
    std::int64_t number = 0;
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (wrong != std::errc() || end != digits.data() + digits.size() || number < 0)
      return no_answer(path_.string() + " is not a number");
    return number;
  }
  Result<std::int64_t> increment() override {
    HF_TRY(const auto number, value());
    HF_CHECK(write(number + 1));
    return number + 1;
  }
  Result<void> write(std::int64_t number) {
    if (const auto done = crypto::write_private_file(path_, bytes_of(std::to_string(number) + "\n")); !done)
      return no_answer(path_.string() + " cannot be written", done.error().detail);
    return {};
  }

 private:
  fs::path path_;
};

// What a program writes to its standard output, at most 4 KiB; none if it fails.
Result<Bytes> output_of(std::vector<std::string> words) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return no_answer("cannot be asked", std::strerror(errno));
  const Descriptor read_end(pipe[0]);
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int started = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  if (started != 0) return no_answer("needs " + words[0] + " of Debian's package tpm2-tools", std::strerror(started));
  constexpr std::size_t kOutputMax = 4096;
  Bytes output(kOutputMax);
  std::size_t size = 0;
  for (ssize_t n = 1; n != 0 && size < output.size();) {
    n = ::read(read_end.get(), output.data() + size, output.size() - size);
    if (n < 0 && errno == EINTR) n = 1;
    else if (n < 0) break;
    else size += std::size_t(n);
  }
  output.resize(size);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return no_answer("does not answer", words[0] + " failed");
  return output;
}

class TpmCounter final : public Counter {
 public:
  explicit TpmCounter(std::string index) : index_(std::move(index)) {}

  Result<std::int64_t> value() override {
    constexpr std::size_t kSize = 8;
    HF_TRY(const auto bytes, output_of({"tpm2_nvread", "-C", "o", "-s", "8", index_}));
    if (bytes.size() != kSize || bytes[0] >= 0x80) return no_answer(index_ + " is not an NV counter");
    std::int64_t number = 0;
    for (const auto byte : bytes) number = number << 8 | byte;
    return number;
  }
  Result<std::int64_t> increment() override {
    HF_CHECK(output_of({"tpm2_nvincrement", "-C", "o", index_}));
    return value();
  }
  Result<void> make() {
    HF_CHECK(output_of({"tpm2_nvdefine", "-C", "o", "-s", "8", "-a", "ownerread|ownerwrite|nt=counter", index_}));
    HF_CHECK(increment());  // TPM2_NV_Read before the first increment is an error (Part 3, 31.8)
    return {};
  }

 private:
  std::string index_;
};

}  // namespace

Result<std::unique_ptr<Counter>> open_counter(std::string_view where, bool make) {
  if (where.starts_with("file:/")) {
    const fs::path path{std::string(where.substr(5))};
    auto counter = std::make_unique<FileCounter>(path);
    std::error_code ignored;
    if (make && !fs::exists(path, ignored)) HF_CHECK(counter->write(0));
    HF_CHECK(counter->value());
    return std::unique_ptr<Counter>(std::move(counter));
  }
  const auto index = where.starts_with("tpm:0x") ? where.substr(4) : std::string_view();
  if (index.size() < 3 || index.size() > 10 ||
      index.substr(2).find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos)
    return fail(ErrorKind::invalid, "HF-STATION-0011",
                "a counter is file:/PATH or tpm:0xINDEX, not '" + std::string(where) + "'");
  auto counter = std::make_unique<TpmCounter>(std::string(index));
  if (!counter->value()) {
    if (!make) return no_answer(std::string(where) + " does not answer");
    HF_CHECK(counter->make());
  }
  return std::unique_ptr<Counter>(std::move(counter));
}

}  // namespace hf::factory
