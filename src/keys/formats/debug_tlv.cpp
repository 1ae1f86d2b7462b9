#include "keys/formats/debug_tlv.h"

namespace hf::keys {
namespace {

constexpr std::size_t kHeader = 8;

}  // namespace

Result<std::vector<Tlv>> read_tlvs(ByteView bytes, std::size_t count_max) {
  std::vector<Tlv> tlvs;
  while (!bytes.empty()) {
    if (tlvs.size() == count_max) return over_limit("more than " + std::to_string(count_max) + " TLVs in a sequence");
    if (bytes.size() < kHeader) return malformed("a TLV is cut off");
    if (le16(bytes, 0) != 0) return malformed("the reserved field of a TLV is not zero");
    // In 64 bits: a length of almost 2^32 must not wrap around when it is rounded up to words.
    const std::uint64_t length = le32(bytes, 4), padded = (length + 3) / 4 * 4;
    if (padded > bytes.size() - kHeader) return malformed("the length of a TLV goes past the end");
    const auto whole = bytes.first(kHeader + std::size_t(padded));
    if (!all_zero(whole.subspan(kHeader + std::size_t(length)))) return malformed("the padding of a TLV is not zero");
    tlvs.push_back({TlvType(le16(bytes, 2)), whole.subspan(kHeader, std::size_t(length)), whole});
    bytes = bytes.subspan(whole.size());
  }
  return tlvs;
}

void put_tlv(Bytes& out, TlvType type, ByteView value) {
  put_le16(out, 0);
  put_le16(out, std::uint16_t(type));
  put_le32(out, std::uint32_t(value.size()));
  put(out, value);
  out.resize((out.size() + 3) / 4 * 4);
}

Result<ByteView> take_tlv(std::span<const Tlv>& tlvs, TlvType type, std::string_view what,
                          std::optional<std::size_t> size) {
  if (tlvs.empty() || tlvs[0].type != type || (size && tlvs[0].value.size() != *size))
    return malformed("there is no " + std::string(what) + " where it should be");
  const auto value = tlvs[0].value;
  tlvs = tlvs.subspan(1);
  return value;
}

bool begins_with(ByteView head, TlvType type) {
  return head.size() >= kHeader && le16(head, 0) == 0 && le16(head, 2) == std::uint16_t(type);
}

Result<Bytes> debug_evidence(const Format& format, const std::filesystem::path& artifact) {
  HF_TRY(const auto source, SourceFile::open(artifact));
  HF_TRY(const auto bytes, source.read_all(kDebugFileMax));
  HF_TRY(auto evidence, write_evidence(format.name(), {{"request", to_base64(bytes)}}));
  HF_CHECK(format.view(evidence));
  return evidence;
}

Result<Bytes> debug_request_of(std::string_view format, ByteView evidence) {
  Bytes request;
  HF_CHECK(read_evidence(format, evidence,
                         [&](Fields& fields) { request = base64_field(fields, "request", kDebugFileMax); }));
  return request;
}

}  // namespace hf::keys
