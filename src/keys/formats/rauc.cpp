// RAUC bundles (rauc docs/reference.rst, "Bundle Formats"; src/bundle.c, src/verity_hash.c). plain: squashfs, detached
// CMS over it. verity: squashfs, dm-verity tree, CMS that holds the manifest with the tree's root. Both end with the
// length of the CMS in 64 bits, big endian. The evidence of verity is the manifest, whole; of plain there is a digest
// and no more.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>

#include "crypto/der.h"
#include "keys/formats/all.h"
#include "keys/formats/cms_form.h"
#include "keys/formats/verity.h"

namespace hf::keys {
namespace {

using crypto::Digest, crypto::SignatureScheme;
namespace der = crypto::der;

constexpr std::string_view kSquashfs = "hsqs";
constexpr std::size_t kManifestMax = 64U << 10, kLength = 8;

// GKeyFile's form: groups of name=value.
using Group = std::map<std::string, std::string, std::less<>>;
using Manifest = std::map<std::string, Group, std::less<>>;

Result<Manifest> parse_manifest(ByteView bytes) {
  Manifest manifest;
  Group* group = nullptr;
  for (auto line : split(text_of(bytes), '\n')) {
    line = trim(line);
    if (line.empty() || line.front() == '#') continue;
    if (!is_plain(line)) return malformed("a line of the manifest");
    if (line.front() == '[') {
      if (line.back() != ']') return malformed("a group of the manifest");
      const auto [at, added] = manifest.try_emplace(std::string(line.substr(1, line.size() - 2)));
      if (!added) return malformed("the manifest has the group '" + at->first + "' twice");
      group = &at->second;
      continue;
    }
    const auto equals = line.find('=');
    if (!group || equals == std::string_view::npos || equals == 0) return malformed("a line of the manifest");
    const std::string name(trim(line.substr(0, equals)));
    // GLib takes the last, another reader the first.
    if (!group->emplace(name, trim(line.substr(equals + 1))).second)
      return malformed("the manifest sets '" + name + "' twice");
  }
  return manifest;
}

std::optional<std::string> value_of(const Manifest& manifest, std::string_view group, std::string_view name) {
  const auto found = manifest.find(group);
  if (found == manifest.end()) return std::nullopt;
  const auto value = found->second.find(name);
  if (value == found->second.end()) return std::nullopt;
  return value->second;
}

struct VerityFields {
  Bytes root, salt;
  std::uint64_t size = 0;  // of the tree
};
Result<VerityFields> verity_of(const Manifest& manifest) {
  const auto hash = value_of(manifest, "bundle", "verity-hash"), salt = value_of(manifest, "bundle", "verity-salt"),
             size = value_of(manifest, "bundle", "verity-size");
  const auto root = hash ? from_hex(*hash) : std::nullopt, salt_bytes = salt ? from_hex(*salt) : std::nullopt;
  VerityFields fields;
  if (value_of(manifest, "bundle", "format") != "verity" || !root || root->size() != 32 || !salt_bytes ||
      salt_bytes->size() != 32 || !size ||
      std::from_chars(size->data(), size->data() + size->size(), fields.size).ptr != size->data() + size->size())
    return malformed("its manifest has not the fields of the verity format");
  fields.root = *root, fields.salt = *salt_bytes;
  return fields;
}

Result<View> view_of_manifest(ByteView bytes) {
  HF_TRY(const auto manifest, parse_manifest(bytes));
  HF_TRY(const auto verity, verity_of(manifest));
  View view{.format = "rauc", .kind = "bundle"};
  const auto compatible = value_of(manifest, "update", "compatible");
  if (!compatible || compatible->empty()) return malformed("its manifest has no compatible");
  view.compatible = {*compatible};
  view.version = value_of(manifest, "update", "version");
  JsonArray images;
  std::set<std::string> digests{to_hex(verity.root)};
  for (const auto& [name, group] : manifest) {
    if (name.starts_with("image.")) {
      const auto hash = value_of(manifest, name, "sha256"), file = value_of(manifest, name, "filename");
      const auto digest = hash ? from_hex(*hash) : std::nullopt;
      if (!digest || digest->size() != 32 || !file) return malformed("an image of its manifest without file or sha256");
      digests.insert(to_hex(*digest));
      images.emplace_back(name.substr(6) + " " + *file + " sha256:" + to_hex(*digest));
    }
  }
  view.digests.assign(digests.begin(), digests.end());
  view.facts = {{"bundle", "verity"}, {"images", images}};
  for (const auto& [fact, group, name] :
       {std::tuple("description", "update", "description"), std::tuple("build", "update", "build"),
        std::tuple("hooks", "hooks", "filename"), std::tuple("handler", "handler", "filename")})
    if (const auto text = value_of(manifest, group, name)) view.facts[fact] = *text;
  return view;
}

struct Bundle {
  SourceFile file;
  std::uint64_t data = 0;           // squashfs, and in a verity bundle its tree
  Bytes cms{};                      // empty: it is squashfs alone
  std::optional<Bytes> manifest{};  // content of the CMS: a verity bundle
};

Result<Bundle> open_bundle(const std::filesystem::path& path) {
  HF_TRY(auto file, SourceFile::open(path));
  constexpr std::uint64_t kSuperblock = 96;
  if (file.size() < kSuperblock) return malformed("it is smaller than a squashfs superblock");
  HF_TRY(const auto magic, file.read(0, kSquashfs.size()));
  if (text_of(magic) != kSquashfs) return malformed("it does not begin with a squashfs");
  Bundle bundle{std::move(file)};
  const auto size = bundle.file.size();
  bundle.data = size;
  HF_TRY(const auto tail, bundle.file.read(size - kLength, kLength));
  const auto length = be64(tail, 0);
  if (length == 0 || length > kCmsMax || length > size - kLength - kSuperblock) return bundle;
  HF_TRY(auto cms, bundle.file.read(size - kLength - length, std::size_t(length)));
  crypto::DerReader reader(cms);
  if (!reader.next(der::kSequence) || !reader.at_end()) return bundle;
  bundle.data = size - kLength - length;
  if (const auto content = attached_content(cms)) bundle.manifest = Bytes(content->begin(), content->end());
  bundle.cms = std::move(cms);
  if (bundle.manifest && bundle.manifest->size() > kManifestMax) return over_limit("the manifest");
  return bundle;
}

// The tree in the bundle is the one of its squashfs, and its root that of the manifest.
Result<void> check_tree(const Bundle& bundle, const VerityFields& verity) {
  if (verity.size > bundle.data || (bundle.data - verity.size) % kVerityBlock != 0)
    return malformed("the sizes of its squashfs and hash tree");
  const auto squashfs = bundle.data - verity.size;
  HF_TRY(const auto tree, verity_tree(bundle.file, squashfs, verity.salt));
  if (tree.root != verity.root) return not_verified("its content is not the one that the manifest binds");
  if (tree.bytes.size() != verity.size) return malformed("the size of its hash tree");
  HF_TRY(const auto stored, bundle.file.read(squashfs, tree.bytes.size()));
  if (stored != tree.bytes) return not_verified("its hash tree is not of its content");
  return {};
}

// The manifest with the fields of a tree; those that it may have already give way.
Result<Bytes> bound_manifest(ByteView bytes, const VerityTree& tree, ByteView salt) {
  HF_TRY(const auto manifest, parse_manifest(bytes));
  if (const auto format = value_of(manifest, "bundle", "format"); format && format != "verity")
    return bad_option("manifest", "its bundle format is not verity");
  std::string out;
  for (const auto line : split(text_of(bytes), '\n')) {
    const auto text = trim(line);
    if (text.empty() || text == "[bundle]" || text.starts_with("verity-") || text.starts_with("format=")) continue;
    if (text.front() == '[' && !out.empty()) out += "\n";
    out += std::string(text) + "\n";
  }
  if (const auto bundle = manifest.find("bundle"); bundle != manifest.end())
    for (const auto& [name, value] : bundle->second)
      if (name != "format" && !name.starts_with("verity-"))
        return bad_option("manifest", "its [bundle] has '" + name + "'");
  out += "\n[bundle]\nformat=verity\nverity-hash=" + to_hex(tree.root) + "\nverity-salt=" + to_hex(salt) +
         "\nverity-size=" + std::to_string(tree.bytes.size()) + "\n";
  return Bytes(out.begin(), out.end());
}

struct Evidence {
  std::optional<Bytes> manifest{};
  std::string name{};
  Bytes sha256{}, sha384{};
  std::int64_t size = 0;

  [[nodiscard]] Bytes digest(SignatureScheme scheme) const {
    const auto algorithm = crypto::cms_digest_of(scheme);
    if (manifest) return digest_of(algorithm, *manifest);
    return algorithm == Digest::sha384 ? sha384 : sha256;
  }
};

Result<View> view_of(const Evidence& evidence) {
  if (evidence.manifest) return view_of_manifest(*evidence.manifest);
  View view{.format = "rauc", .kind = "bundle", .digest_only = true, .claimed = true};
  view.digests = {to_hex(evidence.sha256)};
  view.facts = {{"bundle", "plain"}, {"name", evidence.name}, {"size", evidence.size}};
  return view;
}

Result<Evidence> describe_plain(const Bundle& bundle, const std::filesystem::path& path) {
  Evidence evidence{.manifest = {}, .name = path.filename().string(), .size = std::int64_t(bundle.data)};
  HF_TRY(evidence.sha256, bundle.file.digest(Digest::sha256, 0, bundle.data));
  HF_TRY(evidence.sha384, bundle.file.digest(Digest::sha384, 0, bundle.data));
  return evidence;
}

class Rauc final : public Format {
 public:
  std::string_view name() const override { return "rauc"; }
  std::string_view summary() const override { return "RAUC bundle, plain or verity: CMS over squashfs or manifest"; }
  std::span<const SignatureScheme> schemes() const override { return cms_schemes(); }
  bool needs_certificate() const override { return true; }
  std::span<const Option> options() const override {
    static constexpr std::array all{
        Option{"manifest",
               "of a squashfs that becomes a verity bundle: the file with its manifest; else it becomes plain"},
        Option{"replace", "true: the bundle is signed already; its signature gives way to the new one"}};
    return all;
  }
  bool recognizes(ByteView head) const override { return text_of(head).starts_with(kSquashfs); }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& given) const override {
    HF_TRY(const auto options, Options::read(given, *this));
    HF_TRY(const auto bundle, open_bundle(artifact));
    const auto manifest_file = options.text("manifest");
    if (!bundle.cms.empty() && options.text("replace") != "true")
      return fail(ErrorKind::conflict, "HF-FORMAT-0012", "the bundle is signed already; replace=true signs it anew");
    if (bundle.manifest && manifest_file) return bad_option("manifest", "the bundle has one of its own");
    Bytes manifest;
    if (bundle.manifest) {
      manifest = *bundle.manifest;
      HF_TRY(const auto parsed, parse_manifest(manifest));
      HF_TRY(const auto verity, verity_of(parsed));
      HF_CHECK(check_tree(bundle, verity));
    } else if (manifest_file) {
      if (!bundle.cms.empty()) return bad_option("manifest", "the bundle is a plain one");
      HF_TRY(const auto source, SourceFile::open(*manifest_file));
      HF_TRY(const auto text, source.read_all(kManifestMax));
      // A salt that the content gives: the same content, the same bundle.
      HF_TRY(const auto salt, bundle.file.digest(Digest::sha256, 0, bundle.data));
      HF_TRY(const auto tree, verity_tree(bundle.file, bundle.data, salt));
      HF_TRY(manifest, bound_manifest(text, tree, salt));
    } else {
      HF_TRY(const auto plain, describe_plain(bundle, artifact));
      return write_evidence(name(), {{"bundle", "plain"},
                                     {"name", plain.name},
                                     {"size", plain.size},
                                     {"sha256", to_hex(plain.sha256)},
                                     {"sha384", to_hex(plain.sha384)}});
    }
    HF_CHECK(view_of_manifest(manifest));
    return write_evidence(name(), {{"bundle", "verity"}, {"manifest", to_base64(manifest)}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return view_of(parsed);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_CHECK(view_of(parsed));
    return cms_to_sign(parsed.digest(context.scheme), context);
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_TRY(const auto bundle, open_bundle(artifact));
    const auto content = parsed.manifest ? std::optional<ByteView>(*parsed.manifest) : std::nullopt;
    HF_TRY(auto cms, cms_of(parsed.digest(context.scheme), content, context, signature));
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.copy(bundle.file, 0, bundle.data));
    if (parsed.manifest && bundle.cms.empty()) {
      HF_TRY(const auto manifest, parse_manifest(*parsed.manifest));
      HF_TRY(const auto verity, verity_of(manifest));
      HF_TRY(const auto tree, verity_tree(bundle.file, bundle.data, verity.salt));
      HF_CHECK(target.write(tree.bytes));
    }
    const auto length = cms.size();
    put_be64(cms, length);
    HF_CHECK(target.write(cms));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto bundle, open_bundle(file.file));
    if (bundle.cms.empty()) return not_verified("the bundle has no signature");
    const auto detached = bundle.manifest ? crypto::CmsContent() : content_of(bundle.file, 0, bundle.data);
    HF_TRY(const auto verified, cms_verified(bundle.cms, trust, detached));
    View view;
    if (bundle.manifest) {
      HF_TRY(view, view_of_manifest(verified.content));
      HF_TRY(const auto manifest, parse_manifest(verified.content));
      HF_TRY(const auto verity, verity_of(manifest));
      HF_CHECK(check_tree(bundle, verity));
    } else {
      HF_TRY(const auto evidence, describe_plain(bundle, file.file));
      HF_TRY(view, view_of(evidence));
    }
    add_signer_facts(view.facts, verified);
    return view;
  }

 private:
  static Result<Evidence> parse(ByteView bytes) {
    Evidence evidence{};
    HF_CHECK(read_evidence("rauc", bytes, [&](Fields& fields) {
      const auto kind = fields.text("bundle");
      if (kind == "verity") {
        evidence.manifest = base64_field(fields, "manifest", kManifestMax + 256);
        return;
      }
      if (kind != "plain") fields.fault("bundle", "plain or verity");
      evidence.name = fields.text("name");
      evidence.size = fields.integer("size", 0, std::int64_t{1} << 53);
      read_digests(fields, evidence.sha256, evidence.sha384);
    }));
    return evidence;
  }
};

}  // namespace

const Format& rauc_format() {
  static const Rauc format;
  return format;
}

}  // namespace hf::keys
