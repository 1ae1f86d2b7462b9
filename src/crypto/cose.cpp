#include "crypto/cose.h"

#include <array>
#include <utility>

namespace hf::crypto {
namespace {

constexpr std::array kAlgorithms{std::pair(SignatureScheme::ecdsa_p256_sha256, std::int64_t{-7}),
                                 std::pair(SignatureScheme::ecdsa_p384_sha384, std::int64_t{-35}),
                                 std::pair(SignatureScheme::ed25519, std::int64_t{-8})};
constexpr std::int64_t kAlgorithm = 1, kKeyId = 4;
constexpr std::uint64_t kSign1Tag = 18;

Bytes protected_header(SignatureScheme scheme) {
  auto out = cbor::head(Cbor::Kind::map, 1);
  for (const auto& part : {cbor::integer(kAlgorithm), cbor::integer(*cose_algorithm_of(scheme))})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

auto refuse(std::string_view why) {
  return fail(ErrorKind::invalid, "HF-COSE-0001", "not a COSE_Sign1 that is taken: " + std::string(why));
}

}  // namespace

std::optional<std::int64_t> cose_algorithm_of(SignatureScheme scheme) {
  for (const auto& [known, number] : kAlgorithms)
    if (known == scheme) return number;
  return std::nullopt;
}

Bytes cose_to_sign(SignatureScheme scheme, ByteView payload) {
  return cbor::array(
      {cbor::text("Signature1"), cbor::bytes(protected_header(scheme)), cbor::bytes({}), cbor::bytes(payload)});
}

Bytes cose_sign1(SignatureScheme scheme, ByteView signature) {
  auto out = cbor::head(Cbor::Kind::tag, kSign1Tag);
  const auto body = cbor::array(
      {cbor::bytes(protected_header(scheme)), cbor::head(Cbor::Kind::map, 0), cbor::null(), cbor::bytes(signature)});
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

Result<CoseSign1> parse_cose_sign1(ByteView bytes) {
  HF_TRY(const auto tagged, parse_cbor(bytes));
  if (!tagged.is(Cbor::Kind::tag) || tagged.value != kSign1Tag || !tagged.items[0].is(Cbor::Kind::array) ||
      tagged.items[0].items.size() != 4)
    return refuse("its structure");
  const auto& parts = tagged.items[0].items;
  if (!parts[0].is(Cbor::Kind::bytes) || !parts[1].is(Cbor::Kind::map) || !parts[2].is_null() ||
      !parts[3].is(Cbor::Kind::bytes))
    return refuse("its structure");
  if (!parts[1].items.empty() && (parts[1].items.size() != 2 || !parts[1].find(kKeyId)))
    return refuse("an unprotected header");
  HF_TRY(const auto header, parse_cbor(parts[0].content));
  const auto* algorithm = header.find(kAlgorithm);
  if (!algorithm || header.items.size() != 2) return refuse("its protected header");
  for (const auto& [scheme, number] : kAlgorithms)
    if (algorithm->integer() == number)
      return CoseSign1{scheme, Bytes(parts[3].content.begin(), parts[3].content.end())};
  return refuse("its algorithm");
}

}  // namespace hf::crypto
