#include "crypto/cose_encrypt.h"

#include "crypto/cipher.h"
#include "crypto/key_wrap.h"

namespace hf::crypto {
namespace {

// Header parameters (RFC 9052 3.1) and those of recipients and keys (RFC 9053 6.3.1, 7).
constexpr std::int64_t kAlgorithm = 1, kKeyId = 4, kIv = 5, kEphemeral = -1;
constexpr std::int64_t kKeyType = 1, kCurve = -1, kX = -2, kY = -3;
constexpr std::int64_t kOkp = 1, kEc2 = 2, kP256 = 1, kX25519 = 4;
constexpr std::int64_t kEcdhEsA128Kw = -29, kEcdhEsA256Kw = -31, kA128Kw = -3, kA256Kw = -5, kA128Gcm = 1, kA256Gcm = 3;
constexpr std::uint64_t kEncryptTag = 96;
constexpr std::size_t kCoordinate = 32;

void put(Bytes& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// In the order of their encodings (RFC 8949 4.2.1), which is the caller's.
Bytes map_of(const std::vector<std::pair<std::int64_t, Bytes>>& members) {
  auto out = cbor::head(Cbor::Kind::map, members.size());
  for (const auto& [key, value] : members) put(out, cbor::integer(key)), put(out, value);
  return out;
}

Bytes content_header(std::size_t key_size) {
  return map_of({{kAlgorithm, cbor::integer(key_size == kCoordinate ? kA256Gcm : kA128Gcm)}});
}

Bytes cose_key_of(RecipientAlgorithm algorithm, ByteView ephemeral) {
  if (algorithm == RecipientAlgorithm::x25519)
    return map_of({{kKeyType, cbor::integer(kOkp)}, {kCurve, cbor::integer(kX25519)}, {kX, cbor::bytes(ephemeral)}});
  return map_of({{kKeyType, cbor::integer(kEc2)},
                 {kCurve, cbor::integer(kP256)},
                 {kX, cbor::bytes(ephemeral.subspan(1, kCoordinate))},
                 {kY, cbor::bytes(ephemeral.subspan(1 + kCoordinate))}});
}

Result<Bytes> recipient_of(const RecipientKey& recipient, ByteView key, CoseUse use) {
  if (recipient.algorithm == RecipientAlgorithm::rsa)
    return fail(ErrorKind::invalid, "HF-RECIPIENT-0004",
                "COSE_Encrypt is made for P-256 and X25519 keys; the recipient's is RSA");
  HF_TRY(const auto agreement, agree_with(recipient));
  const auto header = map_of({{kAlgorithm, cbor::integer(key.size() == kCoordinate ? kEcdhEsA256Kw : kEcdhEsA128Kw)}});
  const auto wrapping =
      hkdf_sha256(agreement.shared.bytes(), {}, cose_kdf_context(key.size(), header, use), key.size());
  HF_TRY(const auto wrapped, aes_key_wrap(wrapping.bytes(), key));
  const auto fingerprint = recipient.fingerprint();
  return cbor::array({cbor::bytes(header),
                      map_of({{kKeyId, cbor::bytes(fingerprint)},
                              {kEphemeral, cose_key_of(recipient.algorithm, agreement.ephemeral)}}),
                      cbor::bytes(wrapped)});
}

auto refuse(std::string_view why) {
  return fail(ErrorKind::invalid, "HF-COSE-0002", "not a COSE_Encrypt that is taken: " + std::string(why));
}

Result<std::int64_t> algorithm_in(const Cbor& protected_bytes, const Cbor& unprotected) {
  if (!protected_bytes.content.empty()) {
    HF_TRY(const auto header, parse_cbor(protected_bytes.content));
    const auto* algorithm = header.is(Cbor::Kind::map) ? header.find(kAlgorithm) : nullptr;
    if (algorithm && algorithm->integer()) return *algorithm->integer();
  }
  // AES-KW with a shared key has no protected header (RFC 9053 6.2.1).
  const auto* algorithm = unprotected.find(kAlgorithm);
  if (!algorithm || !algorithm->integer()) return refuse("it names no algorithm");
  return *algorithm->integer();
}

Bytes bytes_at(const Cbor& map, std::int64_t key) {
  const auto* found = map.find(key);
  if (!found || !found->is(Cbor::Kind::bytes)) return {};
  return {found->content.begin(), found->content.end()};
}

Bytes ephemeral_of(const Cbor& map) {
  const auto* key = map.find(kEphemeral);
  if (!key || !key->is(Cbor::Kind::map)) return {};
  auto x = bytes_at(*key, kX);
  const auto y = bytes_at(*key, kY);
  if (y.empty()) return x;
  constexpr std::uint8_t kUncompressed = 0x04;
  x.insert(x.begin(), kUncompressed);
  put(x, y);
  return x;
}

bool is_layer(const Cbor& item, std::size_t size) {
  return item.is(Cbor::Kind::array) && item.items.size() == size && item.items[0].is(Cbor::Kind::bytes) &&
         item.items[1].is(Cbor::Kind::map);
}

}  // namespace

Bytes cose_encrypt_aad(std::size_t key_size) {
  return cbor::array({cbor::text("Encrypt"), cbor::bytes(content_header(key_size)), cbor::bytes({})});
}

Bytes cose_kdf_context(std::size_t size, ByteView protected_header, CoseUse use) {
  constexpr std::int64_t kBits = 8;
  const auto nobody = cbor::array({cbor::null(), cbor::null(), cbor::null()});
  std::vector<Bytes> info{cbor::integer(std::int64_t(size) * kBits), cbor::bytes(protected_header)};
  if (use == CoseUse::suit) info.push_back(cbor::bytes(bytes_of("SUIT Payload Encryption")));
  return cbor::array({cbor::integer(size == kCoordinate ? kA256Kw : kA128Kw), nobody, nobody, cbor::array(info)});
}

Result<Bytes> cose_encrypt(ByteView key, ByteView nonce, const std::vector<RecipientKey>& recipients, CoseUse use) {
  if (recipients.empty() || recipients.size() > kCoseRecipientsMax)
    return fail(ErrorKind::invalid, "HF-RECIPIENT-0004", "COSE_Encrypt is for 1 to 256 recipients");
  std::vector<Bytes> layers;
  layers.reserve(recipients.size());
  for (const auto& recipient : recipients) {
    HF_TRY(auto layer, recipient_of(recipient, key, use));
    layers.push_back(std::move(layer));
  }
  auto out = cbor::head(Cbor::Kind::tag, kEncryptTag);
  put(out, cbor::array({cbor::bytes(content_header(key.size())), map_of({{kIv, cbor::bytes(nonce)}}), cbor::null(),
                        cbor::array(layers)}));
  return out;
}

Result<CoseEncrypt> parse_cose_encrypt(ByteView bytes) {
  HF_TRY(const auto tagged, parse_cbor(bytes, {.items_max = std::size_t{1} << 14}));
  if (!tagged.is(Cbor::Kind::tag) || tagged.value != kEncryptTag) return refuse("it has not tag 96");
  const auto& body = tagged.items[0];
  if (!is_layer(body, 4) || !(body.items[2].is_null() || body.items[2].is(Cbor::Kind::bytes)) ||
      !body.items[3].is(Cbor::Kind::array))
    return refuse("its structure");
  const auto& layers = body.items[3].items;
  if (layers.empty() || layers.size() > kCoseRecipientsMax) return refuse("its recipients");
  CoseEncrypt out{.nonce = bytes_at(body.items[1], kIv), .detached = body.items[2].is_null()};
  HF_TRY(out.algorithm, algorithm_in(body.items[0], body.items[1]));
  for (const auto& layer : layers) {
    if (!is_layer(layer, 3) || !layer.items[2].is(Cbor::Kind::bytes)) return refuse("a recipient's structure");
    const auto& header = layer.items[0].content;
    const auto& wrapped = layer.items[2].content;
    CoseRecipient recipient{.key_id = bytes_at(layer.items[1], kKeyId),
                            .ephemeral = ephemeral_of(layer.items[1]),
                            .protected_header = {header.begin(), header.end()},
                            .wrapped = {wrapped.begin(), wrapped.end()}};
    HF_TRY(recipient.algorithm, algorithm_in(layer.items[0], layer.items[1]));
    out.recipients.push_back(std::move(recipient));
  }
  return out;
}

}  // namespace hf::crypto
