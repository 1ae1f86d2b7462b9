// Runs a fuzz target over files and folders, for builds without libFuzzer: what once crashed stays mended.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** names) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (const fs::path& name : std::vector<fs::path>(names + 1, names + count)) {
    if (fs::is_regular_file(name)) files.push_back(name);
    if (fs::is_directory(name))
      for (const auto& entry : fs::recursive_directory_iterator(name))
        if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<std::uint8_t> bytes;
  LLVMFuzzerTestOneInput(bytes.data(), 0);
  for (const auto& file : files) {
    std::printf("%s\n", file.c_str());  // before it runs: the last line names the input that crashed
    std::fflush(stdout);
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    // Cut short: the end of input in every eighth place is where parsers read too far.
    const auto step = std::max<std::size_t>(8, bytes.size() / 64);
    for (auto size = bytes.size(); size > 8; size -= std::min(size, step)) {
      const std::vector<std::uint8_t> part(bytes.begin(), bytes.begin() + std::ptrdiff_t(size - 1));
      LLVMFuzzerTestOneInput(part.data(), part.size());
    }
  }
  std::printf("%zu inputs\n", files.size());
  return 0;
}
