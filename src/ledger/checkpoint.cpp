#include "ledger/checkpoint.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>

namespace hf::ledger {
namespace {

constexpr std::size_t kMandatoryLines = 3;

auto malformed(std::string why) {
  return fail(ErrorKind::invalid, "HF-CHECKPOINT-0002", "not a checkpoint: " + std::move(why));
}

bool is_line(std::string_view line) {
  return !line.empty() && is_utf8(line) && std::ranges::none_of(line, [](char c) { return std::uint8_t(c) < 0x20; });
}

}  // namespace

std::optional<std::uint64_t> parse_tree_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number > kTreeSizeMax ||
      (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  return number;
}

Result<std::string> format_checkpoint(const Checkpoint& checkpoint) {
  if (!is_line(checkpoint.origin) || checkpoint.size > kTreeSizeMax ||
      !std::ranges::all_of(checkpoint.extensions, is_line))
    return fail(ErrorKind::invalid, "HF-CHECKPOINT-0001",
                "origin and extensions are non-empty lines, and the tree size is below 2^63");
  auto text = fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, to_base64(checkpoint.root));
  for (const auto& line : checkpoint.extensions) text += line + "\n";
  return text;
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
  if (!text.ends_with('\n')) return malformed("the last line is cut");
  const auto lines = split(text.substr(0, text.size() - 1), '\n');
  if (lines.size() < kMandatoryLines) return malformed("fewer than three lines");
  if (!std::ranges::all_of(lines, is_line)) return malformed("an empty line, or a control character");
  const auto size = parse_tree_number(lines[1]);
  if (!size) return malformed("the tree size is not a decimal number");
  const auto root = from_base64(lines[2]);
  Checkpoint checkpoint{std::string(lines[0]), *size, {}, {}};
  if (!root || root->size() != checkpoint.root.size()) return malformed("the root is not a SHA-256 hash in base64");
  std::ranges::copy(*root, checkpoint.root.begin());
  checkpoint.extensions.assign(lines.begin() + kMandatoryLines, lines.end());
  return checkpoint;
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, crypto::KeyStore& store, std::string_view label) {
  HF_TRY(const auto text, format_checkpoint(checkpoint));
  return sign_note(text, checkpoint.origin, store, label);
}

Result<Checkpoint> open_checkpoint(std::string_view note, std::span<const VerifierKey> trusted,
                                   const NoteLimits& limits) {
  HF_TRY(const auto opened, open_note(note, trusted, limits));
  HF_TRY(auto checkpoint, parse_checkpoint(opened.text));
  if (std::ranges::none_of(opened.verified, [&](const auto& s) { return s.name == checkpoint.origin; }))
    return fail(ErrorKind::invalid, "HF-CHECKPOINT-0003",
                "the checkpoint of " + checkpoint.origin + " is not signed by that log's own key");
  return checkpoint;
}

}  // namespace hf::ledger
