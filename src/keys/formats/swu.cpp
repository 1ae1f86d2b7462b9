// SWUpdate's .swu: a cpio archive of sw-description, its CMS signature, and the payloads that sw-description names by
// their SHA-256 (swupdate doc/source/signed_images.rst). The signature is over sw-description alone.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "keys/formats/all.h"
#include "keys/formats/cms_form.h"
#include "keys/formats/cpio.h"
#include "keys/formats/libconfig.h"

namespace hf::keys {
namespace {

using crypto::SignatureScheme;

constexpr std::string_view kDescription = "sw-description", kSignature = "sw-description.sig";

struct Description {
  std::map<std::string, std::string, std::less<>> hashes{};  // file: SHA-256, hex
  std::vector<std::string> images{};                         // for people
  std::vector<std::string> compatible{};
  std::vector<std::string> notes{};
  std::optional<std::string> version{}, description{};
};

std::optional<std::string> text_in(const JsonObject& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  const auto* text = value ? value->if_string() : nullptr;
  if (!text) return std::nullopt;
  return std::string(*text);
}

// Walks what both forms parse to; the parsers limit the depth.
class Walk {
 public:
  explicit Walk(Description& out) : out_(out) {}

  std::optional<std::string> object(const JsonObject& object, const std::string& board, int depth) {
    if (const auto* file = object.if_contains("filename")) {
      if (auto fault = image(object, *file)) return fault;
    }
    if (const auto* list = object.if_contains("hardware-compatibility")) {
      if (!list->is_array()) return "hardware-compatibility is not a list";
      for (const auto& item : list->get_array()) {
        if (!item.is_string() || !is_plain(item.get_string())) return "a hardware compatibility that is not a text";
        out_.compatible.push_back((board.empty() ? "" : board + ":") + std::string(item.get_string()));
      }
    }
    if (object.contains("embedded-script")) out_.notes.emplace_back("a Lua script runs when it is read");
    if (object.contains("ref")) out_.notes.emplace_back("references");
    for (const auto& [name, member] : object) {
      // software.<board>.hardware-compatibility: swupdate doc/source/sw-description.rst, "Running with different
      // boards".
      const bool names_board = depth == 1 && member.is_object();
      if (auto fault = value(member, names_board ? std::string(name) : board, depth + 1)) return fault;
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string> value(const Json& json, const std::string& board, int depth) {
    if (json.is_object()) return object(json.get_object(), board, depth);
    if (json.is_array())
      for (const auto& item : json.get_array())
        if (auto fault = value(item, board, depth + 1)) return fault;
    return std::nullopt;
  }

  std::optional<std::string> image(const JsonObject& object, const Json& file) {
    if (!file.is_string() || !is_plain(file.get_string())) return "a filename that is not a text";
    const std::string name(file.get_string());
    const auto hash = text_in(object, "sha256");
    const auto bytes = hash ? from_hex(*hash) : std::nullopt;
    if (!bytes || bytes->size() != 32) return "'" + name + "' has no sha256: the signature does not bind it";
    if (const auto [at, added] = out_.hashes.try_emplace(name, to_hex(*bytes)); !added && at->second != to_hex(*bytes))
      return "'" + name + "' has two different sha256";
    auto line = name;
    for (const auto* member : {"type", "device", "volume", "path", "version"})
      if (const auto text = text_in(object, member); text && is_plain(*text))
        line += std::string(" ") + member + "=" + *text;
    for (const auto* member : {"encrypted", "install-if-different", "install-if-higher"})
      if (const auto* flag = object.if_contains(member); flag && flag->is_bool() && flag->get_bool())
        line += std::string(" ") + member;
    out_.images.push_back(std::move(line));
    return std::nullopt;
  }

  Description& out_;
};

Result<Description> describe(ByteView bytes) {
  const auto text = text_of(bytes);
  JsonObject root;
  // swupdate tries libconfig first and then JSON; no text that begins with a brace is a libconfig text.
  if (trim(text).starts_with('{')) {
    HF_TRY(const auto json, parse_json(text, {.bytes_max = kEvidenceBytesMax, .depth_max = 16}));
    root = json.as_object();
  } else {
    HF_TRY(root, parse_libconfig(text));
  }
  const auto* software = root.if_contains("software");
  if (!software || !software->is_object()) return malformed("sw-description has no group 'software'");
  Description out;
  out.version = text_in(software->get_object(), "version");
  out.description = text_in(software->get_object(), "description");
  if (!out.version) return malformed("sw-description has no version");
  if (!is_plain(*out.version)) return malformed("control or direction characters in sw-description's version");
  if (!is_plain(out.description.value_or(""))) {
    out.description.reset();
    out.notes.emplace_back("its description is not shown: it has control or direction characters");
  }
  if (const auto fault = Walk(out).object(root, "", 0)) return malformed("sw-description: " + *fault);
  std::ranges::sort(out.compatible);
  out.compatible.erase(std::unique(out.compatible.begin(), out.compatible.end()), out.compatible.end());
  return out;
}

View view_of(const Description& description) {
  View view{.format = "swu", .kind = "bundle"};
  view.version = description.version;
  view.compatible = description.compatible;
  std::set<std::string> digests;
  for (const auto& [name, hash] : description.hashes) digests.insert(hash);
  view.digests.assign(digests.begin(), digests.end());
  view.facts["images"] = JsonArray(description.images.begin(), description.images.end());
  if (description.description) view.facts["description"] = *description.description;
  if (!description.notes.empty()) view.facts["notes"] = JsonArray(description.notes.begin(), description.notes.end());
  return view;
}

struct Archive {
  SourceFile file;
  Cpio cpio{};
  Bytes description{};
  const CpioMember* signature = nullptr;
};

Result<Archive> open_archive(const std::filesystem::path& path) {
  HF_TRY(auto file, SourceFile::open(path));
  HF_TRY(auto cpio, read_cpio(file));
  Archive archive{std::move(file), std::move(cpio)};
  const auto& members = archive.cpio.members;
  if (members.empty() || members.front().name != kDescription)
    return malformed("its first member is not sw-description");
  if (members.front().size > kEvidenceBytesMax) return over_limit("sw-description");
  HF_TRY(archive.description, archive.file.read(members.front().at, std::size_t(members.front().size)));
  if (members.size() > 1 && members[1].name == kSignature) archive.signature = &members[1];
  return archive;
}

// What is installed is what sw-description names, and has the digest that it says; and nothing else travels along.
Result<void> check_payloads(const Archive& archive, const Description& description) {
  std::set<std::string_view> found;
  for (const auto& member : archive.cpio.members) {
    if (member.name == kDescription || &member == archive.signature) continue;
    const auto expected = description.hashes.find(member.name);
    if (expected == description.hashes.end())
      return malformed("sw-description does not name its member '" + member.name + "'");
    HF_TRY(const auto digest, archive.file.digest(crypto::Digest::sha256, member.at, member.size));
    if (to_hex(digest) != expected->second)
      return not_verified("the member '" + member.name + "' has not the sha256 of sw-description");
    found.insert(member.name);
  }
  for (const auto& [name, hash] : description.hashes)
    if (!found.contains(name)) return malformed("it has no member '" + name + "', which sw-description names");
  return {};
}

class Swu final : public Format {
 public:
  std::string_view name() const override { return "swu"; }
  std::string_view summary() const override {
    return "SWUpdate image: CMS over sw-description (swupdate, signed images)";
  }
  std::span<const SignatureScheme> schemes() const override { return cms_schemes(); }
  bool needs_certificate() const override { return true; }
  bool recognizes(ByteView head) const override {
    constexpr std::size_t kHead = 110;
    return has_cpio_magic(head) && head.size() > kHead &&
           text_of(head.subspan(kHead)).starts_with(std::string(kDescription) + '\0');
  }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_CHECK(Options::read(options, *this));
    HF_TRY(const auto archive, open_archive(artifact));
    HF_TRY(const auto description, describe(archive.description));
    HF_CHECK(check_payloads(archive, description));
    return write_evidence(name(), {{"sw_description", to_base64(archive.description)}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto bytes, parse(evidence));
    HF_TRY(const auto description, describe(bytes));
    return view_of(description);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto bytes, parse(evidence));
    HF_CHECK(describe(bytes));
    return cms_to_sign(digest_of(cms_digest_of(context.scheme), bytes), context);
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto description, parse(evidence));
    HF_TRY(const auto archive, open_archive(artifact));
    HF_TRY(const auto cms, cms_of(digest_of(cms_digest_of(context.scheme), description), {}, context, signature));
    HF_TRY(auto target, TargetFile::create(out));
    const auto& cpio = archive.cpio;
    const auto& first = cpio.members.front();
    HF_CHECK(target.copy(archive.file, first.begin, first.end - first.begin));
    HF_CHECK(target.write(cpio_member(cpio.magic, kSignature, cms)));
    const auto rest = archive.signature ? archive.signature->end : first.end;
    HF_CHECK(target.copy(archive.file, rest, archive.file.size() - rest));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto archive, open_archive(file.file));
    if (!archive.signature) return not_verified("its second member is not sw-description.sig");
    if (archive.signature->size > kCmsMax) return over_limit("sw-description.sig");
    HF_TRY(const auto cms, archive.file.read(archive.signature->at, std::size_t(archive.signature->size)));
    HF_TRY(const auto verified, cms_verified(cms, trust, crypto::content_of(archive.description)));
    HF_TRY(const auto description, describe(archive.description));
    HF_CHECK(check_payloads(archive, description));
    auto view = view_of(description);
    add_signer_facts(view.facts, verified);
    return view;
  }

 private:
  static Result<Bytes> parse(ByteView evidence) {
    Bytes description;
    HF_CHECK(
        read_evidence("swu", evidence, [&](Fields& fields) { description = base64_field(fields, "sw_description"); }));
    return description;
  }
};

}  // namespace

const Format& swu_format() {
  static const Swu format;
  return format;
}

}  // namespace hf::keys
