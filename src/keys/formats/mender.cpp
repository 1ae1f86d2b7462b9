// Mender artifact, format 3 (mendersoftware/mender-artifact, Documentation/artifact-format-v3.md): a tar of version,
// manifest, manifest.sig, header and payloads. The signature is over manifest, which lists SHA-256 of the others.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "archive/reader.h"
#include "keys/formats/all.h"
#include "keys/formats/support.h"
#include "keys/formats/tar.h"

namespace hf::keys {
namespace {

using crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::rsa_pkcs1_sha256};
constexpr std::size_t kManifestMax = 64U << 10, kHeaderMax = 64U << 10, kSignatureMax = 2048, kFilesMax = 1024;
constexpr std::uint64_t kPayloadMax = std::uint64_t{512} << 20;  // compressed: it is unpacked in memory

using Manifest = std::map<std::string, std::string, std::less<>>;  // path: SHA-256, hex

Result<Manifest> parse_manifest(ByteView bytes) {
  Manifest manifest;
  const auto text = text_of(bytes);
  if (text.empty() || text.back() != '\n') return malformed("its manifest has no line end");
  for (const auto line : split(text.substr(0, text.size() - 1), '\n')) {
    constexpr std::size_t kDigits = 64;
    if (line.size() < kDigits + 3 || line.substr(kDigits, 2) != "  ") return malformed("a line of its manifest");
    const auto hash = std::string(line.substr(0, kDigits)), name = std::string(line.substr(kDigits + 2));
    const auto digest = from_hex(hash);
    if (!digest || to_hex(*digest) != hash || !is_plain(name)) return malformed("a line of its manifest");
    if (manifest.size() == kFilesMax) return over_limit("the files of the manifest");
    if (!manifest.emplace(name, hash).second) return malformed("its manifest names '" + name + "' twice");
  }
  if (!manifest.contains("version")) return malformed("its manifest does not bind the version");
  return manifest;
}

std::string header_name(const Manifest& manifest) {
  for (const auto* name : {"header.tar.gz", "header.tar", "header.tar.zst"})
    if (manifest.contains(name)) return name;
  return {};
}

std::vector<std::string> texts(const JsonObject& object, std::string_view name) {
  std::vector<std::string> found;
  const auto* list = object.if_contains(name);
  if (list && list->is_array())
    for (const auto& item : list->get_array())
      if (item.is_string() && is_plain(item.get_string())) found.emplace_back(item.get_string());
  return found;
}

JsonArray pairs(const JsonObject& object) {
  JsonArray out;
  for (const auto& [name, value] : object) {
    const auto line = std::string(name) + "=" + (value.is_string() ? std::string(value.get_string()) : to_text(value));
    if (is_plain(line)) out.emplace_back(line);
  }
  return out;
}

Result<View> view_of(ByteView manifest_bytes, ByteView header) {
  HF_TRY(const auto manifest, parse_manifest(manifest_bytes));
  const auto name = header_name(manifest);
  if (name.empty()) return malformed("its manifest binds no header");
  if (manifest.at(name) != to_hex(digest_of(crypto::Digest::sha256, header)))
    return malformed("its header is not the one that the manifest binds");
  View view{.format = "mender", .kind = "bundle"};
  JsonArray scripts, provides;
  bool found = false;
  const archive::Limits limits{
      .entry_bytes_max = kHeaderMax * 4, .total_bytes_max = kHeaderMax * 16, .entries_max = 256};
  auto read = archive::for_each_document(name, header, limits, [&](const archive::Document& document) -> Result<bool> {
    if (document.name.starts_with("scripts/") && is_plain(document.name)) scripts.emplace_back(document.name.substr(8));
    const bool info = document.name == "header-info";
    if (!info && !document.name.ends_with("/type-info")) return true;
    HF_TRY(const auto json, parse_json(document.bytes));
    if (!json.is_object()) return malformed("a file of its header");
    const auto& object = json.get_object();
    const auto* given = object.if_contains("artifact_provides");
    if (given && given->is_object() && !info)
      for (auto& line : pairs(given->get_object())) provides.push_back(std::move(line));
    if (!info) return true;
    const auto* depends = object.if_contains("artifact_depends");
    const auto* artifact = given && given->is_object() ? given->get_object().if_contains("artifact_name") : nullptr;
    if (found || !artifact || !artifact->is_string() || !is_plain(artifact->get_string()) || !depends ||
        !depends->is_object())
      return malformed("its header-info");
    found = true;
    view.version = std::string(artifact->get_string());
    view.compatible = texts(depends->get_object(), "device_type");
    view.facts["provides"] = pairs(given->get_object());
    view.facts["depends"] = pairs(depends->get_object());
    JsonArray types;
    if (const auto* payloads = object.if_contains("payloads"); payloads && payloads->is_array())
      for (const auto& payload : payloads->get_array())
        if (payload.is_object() && payload.get_object().contains("type")) types.push_back(payload.at("type"));
    view.facts["payload_types"] = types;
    return true;
  });
  if (!read) return malformed("its header: " + read.error().message);
  // Without device types it would install everywhere: mender refuses such an artifact too.
  if (!found || view.compatible.empty()) return malformed("its header names no artifact or no device types");
  JsonArray files;
  std::set<std::string> digests;
  for (const auto& [path, hash] : manifest) {
    if (path == "version" || path == name) continue;
    if (!path.starts_with("data/")) return malformed("its manifest names '" + path + "'");
    files.emplace_back(path);
    digests.insert(hash);
  }
  view.digests.assign(digests.begin(), digests.end());
  view.facts["files"] = files;
  if (!provides.empty()) view.facts["payload_provides"] = provides;
  if (!scripts.empty()) view.facts["scripts"] = scripts;
  return view;
}

struct Artifact {
  SourceFile file;
  std::vector<TarMember> members{};
  Bytes manifest{}, header{};
  const TarMember* signature = nullptr;
};

// "data/0000.tar.gz" holds the files that manifest calls "data/0000/...".
Result<void> check_payload(const Artifact& artifact, const TarMember& member, const Manifest& manifest,
                           std::set<std::string>& seen) {
  if (member.size > kPayloadMax) return over_limit("a payload of more than 512 MiB");
  const auto folder = member.name.substr(0, member.name.find('.')) + "/";
  HF_TRY(const auto bytes, artifact.file.read(member.at, std::size_t(member.size)));
  const archive::Limits limits{.entry_bytes_max = std::uint64_t{4} << 30, .entries_max = kFilesMax};
  std::optional<Error> fault;
  const auto read =
      archive::for_each_document(member.name, bytes, limits, [&](const archive::Document& document) -> Result<bool> {
        const auto path = folder + std::string(document.name);
        const auto expected = manifest.find(path);
        if (expected == manifest.end() || !seen.insert(path).second)
          fault = malformed("the manifest does not bind '" + path + "'").value();
        else if (to_hex(digest_of(crypto::Digest::sha256, bytes_of(document.bytes))) != expected->second)
          fault = not_verified("'" + path + "' is not the one that the manifest binds").value();
        return !fault;
      });
  if (fault) return fail(*fault);
  if (!read) return malformed("its payload " + member.name + ": " + read.error().message);
  return {};
}

Result<Artifact> open_artifact(const std::filesystem::path& path) {
  HF_TRY(auto file, SourceFile::open(path));
  HF_TRY(auto members, read_tar(file));
  Artifact artifact{std::move(file), std::move(members)};
  const auto& list = artifact.members;
  constexpr std::size_t kVersionMax = 256;
  if (list.size() < 3 || list[0].name != "version" || list[1].name != "manifest" || list[0].size > kVersionMax)
    return malformed("it does not begin with version and manifest");
  HF_TRY(const auto version, artifact.file.read(list[0].at, std::size_t(list[0].size)));
  if (text_of(version) != R"({"format":"mender","version":3})") return malformed("it is not of Mender's format 3");
  if (list[1].size > kManifestMax) return over_limit("the manifest");
  HF_TRY(artifact.manifest, artifact.file.read(list[1].at, std::size_t(list[1].size)));
  HF_TRY(const auto manifest, parse_manifest(artifact.manifest));
  if (manifest.at("version") != to_hex(digest_of(crypto::Digest::sha256, version)))
    return malformed("the version is not the one that the manifest binds");
  const auto header = header_name(manifest);
  std::set<std::string> seen{"version"};
  for (std::size_t i = 2; i < list.size(); ++i) {
    const auto& member = list[i];
    if (member.name == "manifest.sig" && i == 2) {
      if (member.size > kSignatureMax) return over_limit("manifest.sig");
      artifact.signature = &member;
    } else if (member.name == header && !seen.contains(header)) {
      if (member.size > kHeaderMax) return over_limit("the header");
      HF_TRY(artifact.header, artifact.file.read(member.at, std::size_t(member.size)));
      seen.insert(header);
    } else if (member.name.starts_with("data/") && seen.contains(header)) {
      HF_CHECK(check_payload(artifact, member, manifest, seen));
    } else {
      // manifest-augment and header-augment among them: nothing signs those.
      return malformed("it holds '" + member.name + "', which no signature covers, or not in its place");
    }
  }
  for (const auto& [name, hash] : manifest)
    if (!seen.contains(name)) return malformed("it does not hold '" + name + "', which its manifest names");
  return artifact;
}

class Mender final : public Format {
 public:
  std::string_view name() const override { return "mender"; }
  std::string_view summary() const override {
    return "Mender artifact, format 3: ECDSA P-256 or RSA over its manifest";
  }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  bool recognizes(ByteView head) const override {
    constexpr std::size_t kBlock = 512;
    return head.size() > kBlock && text_of(head).starts_with(std::string("version") + '\0') &&
           text_of(head.subspan(kBlock)).starts_with(R"({"format":"mender")");
  }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_CHECK(Options::read(options, *this));
    HF_TRY(const auto opened, open_artifact(artifact));
    HF_CHECK(view_of(opened.manifest, opened.header));
    return write_evidence(name(), {{"manifest", to_base64(opened.manifest)}, {"header", to_base64(opened.header)}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return view_of(parsed.manifest, parsed.header);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(auto parsed, parse(evidence));
    HF_CHECK(view_of(parsed.manifest, parsed.header));
    return ToSign{std::move(parsed.manifest), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto opened, open_artifact(artifact));
    const auto& manifest = opened.members[1];
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.copy(opened.file, 0, manifest.end));
    HF_CHECK(target.write(tar_member("manifest.sig", bytes_of(to_base64(signature)))));
    const auto rest = opened.signature ? opened.signature->end : manifest.end;
    HF_CHECK(target.copy(opened.file, rest, opened.file.size() - rest));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto opened, open_artifact(file.file));
    if (!opened.signature) return not_verified("it has no manifest.sig");
    HF_TRY(const auto text, opened.file.read(opened.signature->at, std::size_t(opened.signature->size)));
    const auto signature = from_base64(text_of(text));
    if (!signature || to_base64(*signature) != text_of(text)) return malformed("its manifest.sig is not base64");
    const auto verified = verify_any(trust, kSchemes, opened.manifest, *signature);
    if (!verified) return not_verified("its signature is not of its manifest by a trusted key");
    HF_TRY(auto view, view_of(opened.manifest, opened.header));
    view.facts["signer_key"] = to_hex(fingerprint_of(verified->key));
    return view;
  }

 private:
  struct Evidence {
    Bytes manifest, header;
  };
  static Result<Evidence> parse(ByteView bytes) {
    Evidence evidence;
    HF_CHECK(read_evidence("mender", bytes, [&](Fields& fields) {
      evidence.manifest = base64_field(fields, "manifest", kManifestMax);
      evidence.header = base64_field(fields, "header", kHeaderMax);
    }));
    return evidence;
  }
};

}  // namespace

const Format& mender_format() {
  static const Mender format;
  return format;
}

}  // namespace hf::keys
