#include "factory/bundle.h"

#include "keys/formats/dsse_envelope.h"
#include "keys/json_fields.h"

namespace hf::factory {
namespace {

constexpr std::string_view kType = "holdfast-station-bundle-1";
constexpr std::int64_t kNumberMax = std::int64_t{1} << 53;
constexpr std::size_t kHeaderMax = 16U << 10;

auto refuse(std::string why) {
  return fail(ErrorKind::invalid, "HF-FACTORY-0020", "not a station's bundle: " + std::move(why));
}

Result<BundleHeader> header_of(ByteView text) {
  HF_TRY(const auto json, parse_json(text_of(text), {.bytes_max = kHeaderMax, .depth_max = 2}));
  std::vector<keys::Fault> faults;
  keys::Fields fields(json, "", faults);
  constexpr std::size_t kSpkiMax = 1024, kDigest = 32;
  if (fields.text("type") != kType) fields.fault("type", "is another");
  BundleHeader header{fields.text("factory"),
                      {},
                      fields.integer("epoch", 0, kNumberMax),
                      fields.integer("counter", 0, kNumberMax),
                      {fields.integer("lines", 1, kNumberMax), {}},
                      fields.time_or_none("exported_at").value_or(Time{})};
  const auto key = crypto::public_key_of_spki(fields.hex("station", kSpkiMax));
  if (key) header.station = *key;
  else fields.fault("station", "is no public key");
  const auto head = fields.hex("head", kDigest);
  if (head.size() == kDigest) std::ranges::copy(head, header.head.hash.begin());
  else fields.fault("head", "is no digest");
  fields.close();
  if (!faults.empty()) return refuse(faults.front().pointer + ": " + faults.front().what);
  if (canonical(header) != text_of(text)) return refuse("its header is not canonical JSON");
  return header;
}

}  // namespace

std::string canonical(const BundleHeader& header) {
  return canonical_json(JsonObject{{"type", kType},
                                   {"factory", header.factory},
                                   {"station", to_hex(crypto::to_spki(header.station))},
                                   {"epoch", header.epoch},
                                   {"counter", header.counter},
                                   {"lines", header.head.lines},
                                   {"head", to_hex(header.head.hash)},
                                   {"exported_at", format_rfc3339(header.exported_at)}})
      .value();
}

bool BundleReader::read_line(std::string& line, std::size_t max) {
  line.clear();
  for (int c = in_.get(); c != std::istream::traits_type::eof(); c = in_.get()) {
    if (c == '\n') return true;
    if (line.size() >= max) return false;
    line.push_back(char(c));
  }
  return false;  // a line without its end is none
}

Result<BundleHeader> BundleReader::header() {
  std::string line;
  if (!read_line(line, 2 * kHeaderMax)) return refuse("its first line is missing or too long");
  const auto envelope = keys::read_envelope(bytes_of(line), kBundleType);
  if (!envelope) return refuse(envelope.error().message);
  HF_TRY(auto header, header_of(envelope->payload));
  if (!keys::envelope_signer(*envelope, kBundleType, std::span(&header.station, 1)))
    return refuse("its header is not signed by the station that it names");
  end_ = header.head;
  return header;
}

Result<std::optional<BundleReader::Line>> BundleReader::next() {
  const auto torn = [&](const std::string& why) {
    return fail(ErrorKind::conflict, "HF-FACTORY-0021",
                "the bundle is not what the station signed: " + why + " after line " + std::to_string(head_.lines));
  };
  Line line;
  if (head_.lines == end_.lines) {
    if (head_ != end_) return torn("its last line is another");
    if (in_.peek() != std::istream::traits_type::eof()) return torn("there is more");
    return std::optional<Line>();
  }
  if (!read_line(line.text, keys::kJournalLineMax)) return torn("lines are missing, or one is too long,");
  HF_TRY(line.record, keys::follow(line.text, head_));
  line.number = head_.lines;
  return std::optional(std::move(line));
}

}  // namespace hf::factory
