#include "blob/store.h"

#include <filesystem>
#include <fstream>

#include "support/test_database.h"

namespace hf::blob {
namespace {

TEST(FileStore, KeepsContentUnderItsDigest) {
  test::TemporaryDirectory directory;
  FileStore store(directory.path());
  for (const auto& text : {std::string(), std::string("abc"), std::string(1'000'000, 'x')}) {
    const auto name = store.put(bytes_of(text));
    ASSERT_TRUE(name) << name.error().detail;
    EXPECT_EQ(store.put(bytes_of(text)).value(), *name);
    EXPECT_EQ(text_of(store.get(*name).value()), text);
  }
  EXPECT_EQ(store.get(crypto::sha256({bytes_of("other")})).error().code, "HF-BLOB-0001");
}

TEST(FileStore, AnAlteredFileIsNeverReturned) {
  test::TemporaryDirectory directory;
  FileStore store(directory.path());
  const auto name = store.put(bytes_of("evidence")).value();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path()))
    if (entry.is_regular_file())
      std::ofstream(entry.path(), std::ios::binary | std::ios::app) << "x",
          std::fstream(entry.path(), std::ios::in | std::ios::out | std::ios::binary).seekp(10).put('!');
  EXPECT_EQ(store.get(name).error().code, "HF-BLOB-0002");
}

TEST(FileStore, AnUnwritableDirectoryIsAnError) {
  FileStore store("/proc/nowhere");
  EXPECT_EQ(store.put(bytes_of("x")).error().code, "HF-BLOB-0003");
}

}  // namespace
}  // namespace hf::blob
