#include "ledger/tlog_proof.h"

#include <fmt/format.h>
#include <algorithm>

namespace hf::ledger {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kHashesMax = 63;  // levels of the largest tree

auto malformed(std::string why) {
  return fail(ErrorKind::invalid, "HF-PROOF-0002", "not a tlog-proof: " + std::move(why));
}
auto over(std::string why) { return fail(ErrorKind::limit, "HF-PROOF-0003", "the tlog-proof has " + std::move(why)); }

// Takes the next line off the text; nothing if its newline is missing.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

Result<std::string> format_tlog_proof(const TlogProof& proof) {
  if (proof.index > kTreeSizeMax || proof.hashes.size() > kHashesMax || !parse_note(proof.checkpoint))
    return fail(ErrorKind::invalid, "HF-PROOF-0001", "a tlog-proof needs a signed checkpoint and at most 63 hashes");
  std::string text(kHeader);
  if (!proof.extra.empty()) text += fmt::format("{}{}\n", kExtra, to_base64(proof.extra));
  text += fmt::format("{}{}\n", kIndex, proof.index);
  for (const auto& hash : proof.hashes) text += to_base64(hash) + "\n";
  return text + "\n" + proof.checkpoint;
}

Result<TlogProof> parse_tlog_proof(std::string_view text, const TlogProofLimits& limits) {
  if (!text.starts_with(kHeader)) return malformed("the first line is not c2sp.org/tlog-proof@v1");
  text.remove_prefix(kHeader.size());
  TlogProof proof;
  auto line = take_line(text);
  if (line && line->starts_with(kExtra)) {
    line->remove_prefix(kExtra.size());
    if (line->size() / 4 > limits.extra_max / 3 + 1) return over("too much extra data");
    auto extra = from_base64(*line);
    if (!extra || extra->empty()) return malformed("the extra line is not base64");
    if (extra->size() > limits.extra_max) return over("too much extra data");
    proof.extra = *std::move(extra);
    line = take_line(text);
  }
  if (!line || !line->starts_with(kIndex)) return malformed("no index line");
  const auto index = parse_tree_number(line->substr(kIndex.size()));
  if (!index) return malformed("the index is not a decimal number");
  proof.index = *index;
  for (line = take_line(text); line && !line->empty(); line = take_line(text)) {
    if (proof.hashes.size() == kHashesMax) return over("more hashes than a tree has levels");
    const auto bytes = line->size() <= 44 ? from_base64(*line) : std::nullopt;
    Hash hash{};
    if (!bytes || bytes->size() != hash.size()) return malformed("a line is not a SHA-256 hash in base64");
    std::ranges::copy(*bytes, hash.begin());
    proof.hashes.push_back(hash);
  }
  if (!line) return malformed("no checkpoint");
  if (text.size() > limits.note.bytes_max) return over("a checkpoint that is too large");
  proof.checkpoint = text;
  HF_CHECK(parse_note(text, limits.note));
  return proof;
}

Result<Checkpoint> verify_tlog_proof(const TlogProof& proof, const Hash& leaf, std::span<const VerifierKey> trusted,
                                     const NoteLimits& limits) {
  HF_TRY(auto checkpoint, open_checkpoint(proof.checkpoint, trusted, limits));
  HF_CHECK(verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root));
  return checkpoint;
}

}  // namespace hf::ledger
