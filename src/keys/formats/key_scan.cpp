#include "keys/formats/key_scan.h"

#include <algorithm>
#include <array>
#include <functional>

namespace hf::keys {
namespace {

constexpr std::size_t kKeysMax = 16, kKeyMax = 1024;  // bytes of the largest key that is looked for

struct Pattern {
  Bytes bytes;
  std::boyer_moore_horspool_searcher<const std::uint8_t*> searcher;

  explicit Pattern(Bytes given) : bytes(std::move(given)), searcher(bytes.data(), bytes.data() + bytes.size()) {}
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  template <class F>
  void each(ByteView in, F&& visit) const {
    const auto* at = in.data();
    const auto* const end = in.data() + in.size();
    while ((at = std::search(at, end, searcher)) != end) {
      visit(in.subspan(std::size_t(at - in.data())));
      at += bytes.size();
    }
  }
};

// What each begins with, up to where the key's own bytes do.
struct PublicPattern {
  Pattern pattern;
  std::size_t size;  // of the whole; 0: it says so itself
  bool spki;
  PublicPattern(std::string_view hex, std::size_t whole, bool is_spki)
      : pattern(*from_hex(hex)), size(whole), spki(is_spki) {}
};
const std::array<PublicPattern, 6>& public_patterns() {
  static const std::array<PublicPattern, 6> all{{
      {"3059301306072a8648ce3d020106082a8648ce3d030107034200", 91, true},  // P-256, RFC 5480
      {"3076301006072a8648ce3d020106052b81040022036200", 120, true},       // P-384
      {"302a300506032b6570032100", 44, true},                              // Ed25519, RFC 8410
      {"3082010a0282010100", 270, false},                                  // RSAPublicKey, RFC 8017 A.1.1: 2048
      {"3082018a0282018100", 398, false},                                  // 3072
      {"3082020a0282020100", 526, false},                                  // 4096
  }};
  return all;
}
const std::vector<std::unique_ptr<Pattern>>& private_patterns() {
  static const auto all = [] {
    std::vector<std::unique_ptr<Pattern>> list;
    // No literal that this program itself would be found by.
    const std::string begin = std::string("-----BEGIN") + " ";
    for (const auto* kind : {"PRIVATE", "EC PRIVATE", "RSA PRIVATE", "OPENSSH PRIVATE"}) {
      const auto text = begin + kind + " KEY-----";
      list.push_back(std::make_unique<Pattern>(Bytes(text.begin(), text.end())));
    }
    // PKCS #8 of P-256 (RFC 5958, 5480), without and with its public key; of Ed25519 (RFC 8410).
    for (const auto* hex : {"301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420",
                            "301306072a8648ce3d020106082a8648ce3d0301070427302502010104"
                            "20",
                            "302e020100300506032b657004220420"})
      list.push_back(std::make_unique<Pattern>(*from_hex(hex)));
    return list;
  }();
  return all;
}

void add_public(const PublicPattern& pattern, ByteView from, std::vector<std::string>& found) {
  if (from.size() < pattern.size || found.size() == kKeysMax) return;
  const auto bytes = from.first(pattern.size);
  std::optional<crypto::PublicKey> key;
  const auto take = [&](Result<crypto::PublicKey> read) {
    if (read) key = *std::move(read);
  };
  if (pattern.spki) take(crypto::public_key_of_spki(bytes));
  else
    for (const auto algorithm :
         {crypto::KeyAlgorithm::rsa_2048, crypto::KeyAlgorithm::rsa_3072, crypto::KeyAlgorithm::rsa_4096})
      take(crypto::public_key_of(algorithm, bytes));
  if (!key) return;
  auto name = to_hex(fingerprint_of(*key));
  if (std::ranges::find(found, name) == found.end()) found.push_back(std::move(name));
}

}  // namespace

Result<FoundKeys> scan_for_keys(const SourceFile& file, std::uint64_t at, std::uint64_t size) {
  FoundKeys found;
  Bytes window;  // the last bytes of the piece before, and the piece
  HF_CHECK(file.each(at, size, [&](ByteView piece) -> Result<void> {
    if (window.size() > kKeyMax) window.erase(window.begin(), window.end() - std::ptrdiff_t(kKeyMax));
    put(window, piece);
    for (const auto& pattern : public_patterns())
      pattern.pattern.each(window, [&](ByteView from) { add_public(pattern, from, found.public_keys); });
    for (const auto& pattern : private_patterns()) pattern->each(window, [&](ByteView) { found.private_key = true; });
    return {};
  }));
  return found;
}

Result<JsonArray> embedded_keys(const SourceFile& file, std::uint64_t at, std::uint64_t size) {
  HF_TRY(const auto found, scan_for_keys(file, at, size));
  if (found.private_key)
    return fail(ErrorKind::invalid, "HF-FORMAT-0017",
                "the image holds a private key: take it out, and take the key for known to everybody");
  return JsonArray(found.public_keys.begin(), found.public_keys.end());
}

}  // namespace hf::keys
