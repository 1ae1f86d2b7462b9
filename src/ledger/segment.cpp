#include "ledger/segment.h"

#include <zstd.h>

namespace hf::ledger {
namespace {

constexpr int kLevel = 3;

const db::Query kInsertSegment{"ledger.insert_segment", R"sql(
    INSERT INTO ledger_segment (segment_id, entry_id, events, root, data) VALUES ($1, $2, $3, $4, $5))sql"};

auto refuse(std::string detail) {
  return fail(ErrorKind::invalid, "HF-LEDGER-0011", "the data are not a ledger segment", std::move(detail));
}

}  // namespace

std::uint64_t SegmentBuilder::add(std::string_view line) {
  leaves_.push_back(leaf_hash(bytes_of(line)));
  lines_.append(line).append("\n");
  return leaves_.size() - 1;
}

Result<Hash> SegmentBuilder::insert(const db::Writer& writer, EntryId entry, std::int64_t segment_id) const {
  Bytes data(ZSTD_compressBound(lines_.size()));
  data.resize(ZSTD_compress(data.data(), data.size(), lines_.data(), lines_.size(), kLevel));
  const auto root = tree_root(leaves_);
  HF_CHECK(writer.execute(kInsertSegment, segment_id, entry, std::int64_t(leaves_.size()), root, data));
  return root;
}

Result<void> SegmentBuilder::write(Transaction& transaction, EntryId entry, std::int64_t segment_id) const {
  HF_TRY(const auto root, insert(transaction.db(), entry, segment_id));
  transaction.note(entry, "segment", Json(std::to_string(segment_id)));
  transaction.note(entry, "events", Json(std::int64_t(leaves_.size())));
  transaction.note(entry, "root", Json(to_hex(root)));
  return {};
}

Result<std::vector<std::string>> segment_events(ByteView data, const SegmentLimits& limits) {
  const auto size = ZSTD_getFrameContentSize(data.data(), data.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) return refuse("no zstd frame with a size");
  if (size > limits.bytes_max) return fail(ErrorKind::limit, "HF-LEDGER-0011", "the segment is over the limit");
  std::string lines(std::size_t(size), '\0');
  const auto got = ZSTD_decompress(lines.data(), lines.size(), data.data(), data.size());
  if (ZSTD_isError(got) || got != size) return refuse(ZSTD_isError(got) ? ZSTD_getErrorName(got) : "short frame");
  if (!lines.ends_with('\n')) return refuse("the last line has no end");
  lines.pop_back();
  std::vector<std::string> events;
  for (const auto line : split(lines, '\n')) events.emplace_back(line);
  return events;
}

}  // namespace hf::ledger
