#include "archive/reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <fstream>
#include <map>
#include <vector>

namespace hf::archive {
namespace {

struct Item {
  std::string name;
  std::string bytes;
  unsigned type = AE_IFREG;
};

enum class Pack { tar, tar_gz, tar_zst, zip, gz };

std::string packed(Pack pack, const std::vector<Item>& items) {
  std::string out(std::size_t(4) << 20, '\0');
  auto* a = archive_write_new();
  if (pack == Pack::zip) {
    archive_write_set_format_zip(a);
  } else if (pack == Pack::gz) {
    archive_write_set_format_raw(a);
  } else {
    archive_write_set_format_pax_restricted(a);
  }
  if (pack == Pack::tar_gz || pack == Pack::gz) archive_write_add_filter_gzip(a);
  if (pack == Pack::tar_zst) archive_write_add_filter_zstd(a);
  std::size_t used = 0;
  archive_write_open_memory(a, out.data(), out.size(), &used);
  for (const auto& item : items) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, item.name.c_str());
    archive_entry_set_filetype(entry, item.type);
    archive_entry_set_perm(entry, 0644);
    if (item.type == AE_IFLNK) archive_entry_set_symlink(entry, item.bytes.c_str());
    archive_entry_set_size(entry, item.type == AE_IFREG ? la_int64_t(item.bytes.size()) : 0);
    archive_write_header(a, entry);
    if (item.type == AE_IFREG) archive_write_data(a, item.bytes.data(), item.bytes.size());
    archive_entry_free(entry);
  }
  archive_write_close(a);
  archive_write_free(a);
  out.resize(used);
  return out;
}

using Documents = std::vector<std::pair<std::string, std::string>>;

Result<Documents> read(std::string_view name, const std::string& bytes, const Limits& limits = {}) {
  Documents documents;
  HF_TRY(const auto totals, for_each_document(name, bytes_of(bytes), limits, [&](const Document& d) -> Result<bool> {
           documents.emplace_back(d.name, d.bytes);
           return true;
         }));
  EXPECT_EQ(totals.documents, documents.size());
  return documents;
}

const std::vector<Item> kTwo{{"a", "", AE_IFDIR}, {"a/one.json", "{}"}, {"a/two.json", "[1]"}};
const Documents kTwoRead{{"a/one.json", "{}"}, {"a/two.json", "[1]"}};

TEST(Archive, EveryPackingGivesTheSameDocuments) {
  for (const auto pack : {Pack::tar, Pack::tar_gz, Pack::tar_zst, Pack::zip}) {
    const auto documents = read("x", packed(pack, kTwo));
    ASSERT_TRUE(documents) << documents.error().detail;
    EXPECT_EQ(*documents, kTwoRead) << int(pack);
  }
}

TEST(Archive, ASingleCompressedFileIsOneDocumentNamedWithoutItsSuffix) {
  EXPECT_EQ(*read("epss.csv.gz", packed(Pack::gz, {{"x", "cve,epss\n"}})), (Documents{{"epss.csv", "cve,epss\n"}}));
}

TEST(Archive, AnythingElseIsOneDocument) {
  EXPECT_EQ(*read("x.json", "{}"), (Documents{{"x.json", "{}"}}));
  EXPECT_EQ(*read("x.json", ""), (Documents{{"x.json", ""}}));
}

// RFC 8878 3.1.1.1.2: a window of 2^27 bytes, as zstd --long=27 writes it, is more than decoders must support.
TEST(Archive, ReadsTheWindowOfZstdLong27) {
  const auto tar = packed(Pack::tar, {{"x", std::string(1 << 20, 'x') + "end"}});
  auto* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
  ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  std::string out(tar.size() + 1024, '\0');
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  ZSTD_inBuffer from{tar.data(), tar.size(), 0};
  while (ZSTD_compressStream2(context, &to, &from, ZSTD_e_end) != 0) {}
  ZSTD_freeCCtx(context);
  out.resize(to.pos);
  const auto documents = read("x.tar.zst", out, {.ratio_max = 100'000});
  ASSERT_TRUE(documents) << documents.error().detail;
  EXPECT_EQ(documents->front().second.size(), (1U << 20) + 3);
}

std::string_view code_of(const Result<Documents>& result) { return result ? "ok" : result.error().code; }

TEST(Archive, RefusesNamesThatLeave) {
  for (const auto* name : {"../x", "a/../../x", "/etc/passwd", "a\\..\\..\\x", "C:/x", "a/.."}) {
    EXPECT_FALSE(is_safe_name(name)) << name;
    EXPECT_EQ(code_of(read("x", packed(Pack::tar, {{name, "x"}}))), "HF-ARCHIVE-0003") << name;
  }
  for (const auto* name : {"a/b", "..a", "a..", "./a", "a/./b", "é.json"}) EXPECT_TRUE(is_safe_name(name)) << name;
  EXPECT_EQ(read("x", packed(Pack::tar, {{"é.json", "x"}}))->front().first, "é.json");
}

TEST(Archive, RefusesLinksAndDevices) {
  for (const auto type : {AE_IFLNK, AE_IFIFO, AE_IFCHR})
    EXPECT_EQ(code_of(read("x", packed(Pack::tar, {{"x", "/etc/passwd", type}}))), "HF-ARCHIVE-0004");
}

TEST(Archive, RefusesBombs) {
  const auto bomb = packed(Pack::tar_zst, {{"zeros", std::string(std::size_t(3) << 20, '\0')}});
  EXPECT_EQ(code_of(read("x", bomb)), "HF-ARCHIVE-0002");
  EXPECT_EQ(code_of(read("x", packed(Pack::zip, {{"zeros", std::string(std::size_t(3) << 20, '\0')}}))),
            "HF-ARCHIVE-0002");
}

TEST(Archive, HoldsEachLimit) {
  const auto zip = packed(Pack::zip, kTwo);
  EXPECT_EQ(code_of(read("x", zip, {.entry_bytes_max = 2})), "HF-ARCHIVE-0002");
  EXPECT_EQ(code_of(read("x", zip, {.total_bytes_max = 4})), "HF-ARCHIVE-0002");
  EXPECT_EQ(code_of(read("x", zip, {.entries_max = 2})), "HF-ARCHIVE-0002");
  EXPECT_EQ(code_of(read("x", "abc", {.entry_bytes_max = 2})), "HF-ARCHIVE-0002");
}

TEST(Archive, NamesDamage) {
  for (const auto pack : {Pack::tar_gz, Pack::tar_zst, Pack::zip}) {
    auto bytes = packed(pack, {{"x.json", "0123456789 0123456789 not so compressible"}});
    bytes.resize(bytes.size() / 2);
    EXPECT_EQ(code_of(read("x", bytes)), "HF-ARCHIVE-0001");
  }
}

TEST(Archive, TheVisitorCanStop) {
  int seen = 0;
  const auto zip = packed(Pack::zip, kTwo);
  const auto totals = for_each_document("x", bytes_of(zip), {}, [&](const Document&) -> Result<bool> {
    ++seen;
    return false;
  });
  EXPECT_TRUE(totals);
  EXPECT_EQ(seen, 1);
}

TEST(Archive, AFolderIsReadInByteOrderWithItsArchives) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "hf_archive_folder";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / ".git");
  std::filesystem::create_directories(folder / "b");
  std::ofstream(folder / "b" / "z.json") << "{}";
  std::ofstream(folder / "a.zip") << packed(Pack::zip, kTwo);
  std::ofstream(folder / ".git" / "HEAD") << "x";
  Documents documents;
  std::uint64_t consumed = 0;
  const auto totals = for_each_document(folder, {}, [&](const Document& d) -> Result<bool> {
    documents.emplace_back(d.name, d.bytes);
    consumed = d.consumed;
    return true;
  });
  ASSERT_TRUE(totals);
  EXPECT_EQ(documents, (Documents{{"a/one.json", "{}"}, {"a/two.json", "[1]"}, {"b/z.json", "{}"}}));
  EXPECT_EQ(consumed, *size_of(folder));
  std::filesystem::create_symlink("/etc/passwd", folder / "link.json");
  EXPECT_EQ(for_each_document(folder, {}, [](const Document&) -> Result<bool> { return true; }).error().code,
            "HF-ARCHIVE-0004");
  std::filesystem::remove_all(folder);
  EXPECT_EQ(for_each_document(folder, {}, [](const Document&) -> Result<bool> { return true; }).error().code,
            "HF-ARCHIVE-0005");
}

}  // namespace
}  // namespace hf::archive
