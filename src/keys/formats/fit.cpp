// U-Boot's FIT with signed configurations (doc/uImage.FIT/signature.txt; tools/image-host.c, boot/image-fit-sig.c): the
// signature is over the nodes of a configuration and of its images with their hashes, and over names of properties.
#include <algorithm>
#include <array>
#include <set>

#include "keys/formats/all.h"
#include "keys/formats/fdt.h"

namespace hf::keys {
namespace {

using crypto::KeyAlgorithm, crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::ecdsa_p256_sha256};
constexpr std::array<std::string_view, 4> kExcluded{"data", "data-size", "data-position", "data-offset"};
// Those of a configuration that name images (boot/image-fit.c).
constexpr std::array<std::string_view, 9> kImageProperties{"kernel",   "fdt",    "ramdisk", "loadables", "fpga",
                                                           "firmware", "script", "setup",   "standalone"};
constexpr std::array<std::string_view, 7> kWritten{"value",     "signer-name",  "signer-version", "comment",
                                                   "timestamp", "hashed-nodes", "hashed-strings"};
struct HashRow {
  std::string_view name;
  crypto::Digest digest;
};
constexpr std::array kHashes{HashRow{"sha256", crypto::Digest::sha256}, HashRow{"sha384", crypto::Digest::sha384},
                             HashRow{"sha512", crypto::Digest::sha512}};

std::string_view algorithm_name(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::rsa_2048: return "sha256,rsa2048";
    case KeyAlgorithm::rsa_3072: return "sha256,rsa3072";
    case KeyAlgorithm::rsa_4096: return "sha256,rsa4096";
    case KeyAlgorithm::ecdsa_p256: return "sha256,ecdsa256";
    default: return {};
  }
}

std::vector<std::string> images_of(const fdt::Node& configuration) {
  std::vector<std::string> names;
  for (const auto property : kImageProperties)
    for (auto& name : configuration.texts(property)) names.push_back(std::move(name));
  return names;
}

struct Hash {
  const HashRow* row = nullptr;
  ByteView value{};
};
// The strong hashes of an image; what a weaker one says does not matter to anybody.
std::vector<Hash> hashes_of(const fdt::Tree& tree, const fdt::Node& image) {
  std::vector<Hash> found;
  for (const auto* node : tree.children(image)) {
    const auto algorithm = node->text("algo").value_or("");
    const auto row = std::ranges::find(kHashes, algorithm, &HashRow::name);
    const auto* value = node->find("value");
    if (!node->path.starts_with(image.path + "/hash") || row == kHashes.end() || !value) continue;
    if (value->value.size() == digest_of(row->digest, {}).size()) found.push_back({&*row, value->value});
  }
  return found;
}

// Of the region alone: what is not in it, nothing signs.
Result<View> view_of(ByteView region, ByteView strings) {
  HF_TRY(const auto tree, fdt::parse(region, strings));
  const auto* above = tree.find("/configurations");
  const auto configurations = above ? tree.children(*above) : std::vector<const fdt::Node*>();
  if (configurations.size() != 1) return malformed("not one configuration is signed");
  const auto& configuration = *configurations[0];
  View view{.format = "fit", .kind = "bundle"};
  view.compatible = configuration.texts("compatible");
  JsonArray images;
  std::set<std::string> digests;
  const auto names = images_of(configuration);
  if (names.empty()) return malformed("the configuration names no image");
  for (const auto& name : names) {
    const auto* image = tree.find("/images/" + name);
    if (!image) return malformed("its configuration loads '" + name + "', which sign-images leaves out");
    const auto hashes = hashes_of(tree, *image);
    if (hashes.empty()) return malformed("the image '" + name + "' has no SHA-2 hash");
    auto line = name;
    for (const auto* property : {"description", "type", "os", "arch", "compression"})
      if (const auto text = image->text(property)) line += " " + std::string(property) + "=" + *text;
    images.emplace_back(line + " " + std::string(hashes[0].row->name) + ":" + to_hex(hashes[0].value));
    digests.insert(to_hex(hashes[0].value));
  }
  view.digests.assign(digests.begin(), digests.end());
  view.facts = {{"configuration", configuration.path.substr(above->path.size() + 1)}, {"images", images}};
  if (const auto text = configuration.text("description")) view.facts["description"] = *text;
  if (const auto text = tree.nodes[0].text("description")) view.facts["image_tree"] = *text;
  if (const auto time = tree.nodes[0].number("timestamp")) view.facts["timestamp"] = std::int64_t(*time);
  return view;
}

struct Fit {
  SourceFile file;
  fdt::Blob blob{};
  fdt::Tree tree{};
  const fdt::Node* configuration = nullptr;
  const fdt::Node* signature = nullptr;
  std::vector<std::string> nodes{};  // that are signed, in mkimage's order
  std::string algorithm{};
};

Result<void> add_image(const fdt::Tree& tree, const std::string& name, std::vector<std::string>& nodes) {
  const auto* image = tree.find("/images/" + name);
  if (!image) return malformed("there is no image '" + name + "', which the configuration names");
  nodes.push_back(image->path);
  for (const auto* child : tree.children(*image))
    if (child->path.starts_with(image->path + "/hash")) nodes.push_back(child->path);
  if (const auto* cipher = tree.find(image->path + "/cipher")) nodes.push_back(cipher->path);
  return {};
}

Result<Fit> open_fit(const std::filesystem::path& path, const std::optional<std::string>& name) {
  HF_TRY(auto file, SourceFile::open(path));
  HF_TRY(auto blob, fdt::read_blob(file));
  Fit fit{std::move(file), std::move(blob)};
  HF_TRY(fit.tree, fdt::parse(fit.blob.structure(), fit.blob.strings()));
  const auto* configurations = fit.tree.find("/configurations");
  const auto chosen = name ? name : (configurations ? configurations->text("default") : std::nullopt);
  if (!chosen) return malformed("it has no default configuration; name one");
  fit.configuration = fit.tree.find("/configurations/" + *chosen);
  if (!fit.configuration) return malformed("it has no configuration '" + *chosen + "'");
  for (const auto* child : fit.tree.children(*fit.configuration)) {
    if (!child->path.starts_with(fit.configuration->path + "/signature")) continue;
    if (fit.signature) return malformed("the configuration has more than one signature node");
    fit.signature = child;
  }
  if (!fit.signature) return malformed("the configuration has no signature node: give its source one, with its algo");
  fit.algorithm = fit.signature->text("algo").value_or("");
  if (fit.signature->text("padding").value_or("pkcs-1.5") != "pkcs-1.5")
    return malformed("a padding other than pkcs-1.5");
  auto signed_images = fit.signature->texts("sign-images");
  const bool listed = !signed_images.empty();
  if (!listed) signed_images = {"kernel", "fdt"};  // mkimage's own
  fit.nodes = {"/", fit.configuration->path};
  for (const auto& property : signed_images) {
    const auto images = fit.configuration->texts(property);
    if (images.empty() && listed)
      return malformed("sign-images names '" + property + "', which the configuration has not");
    for (const auto& image : images) HF_CHECK(add_image(fit.tree, image, fit.nodes));
  }
  return fit;
}

// Where an image's data are: within the tree, or after it.
Result<void> check_image(const Fit& fit, const std::string& name) {
  const auto* image = fit.tree.find("/images/" + name);
  if (!image) return malformed("there is no image '" + name + "'");
  const auto* data = image->find("data");
  const auto size = image->number("data-size"), offset = image->number("data-offset");
  if (!data && (!size || !offset)) return malformed("the image '" + name + "' has no data, or at a fixed position");
  for (const auto& hash : hashes_of(fit.tree, *image)) {
    Bytes digest;
    if (data) digest = digest_of(hash.row->digest, data->value);
    else {
      HF_TRY(digest, fit.file.digest(hash.row->digest, fit.blob.data_base() + *offset, *size));
    }
    if (!std::ranges::equal(digest, hash.value))
      return not_verified("the image '" + name + "' has not the hash of its node");
  }
  return {};
}

struct Region {
  Bytes structure, strings;
  [[nodiscard]] Bytes all() const {
    auto out = structure;
    put(out, strings);
    return out;
  }
};
Region region_of(const Fit& fit, std::size_t strings_size) {
  const auto strings = fit.blob.strings().first(strings_size);
  return {fdt::regions(fit.blob.structure(), fit.tree, fit.nodes, kExcluded), Bytes(strings.begin(), strings.end())};
}

Result<View> verify_configuration(const std::filesystem::path& path, const std::optional<std::string>& name,
                                  const Trust& trust) {
  HF_TRY(const auto fit, open_fit(path, name));
  const auto* value = fit.signature->find("value");
  const auto* strings = fit.signature->find("hashed-strings");
  if (!value || !strings) return not_verified("the configuration is not signed");
  if (strings->value.size() != 8 || be32(strings->value, 0) != 0 || be32(strings->value, 4) > fit.blob.strings_size)
    return malformed("its hashed-strings");
  // U-Boot signs what the file lists; only a list of all that the configuration loads is worth anything.
  if (fit.signature->texts("hashed-nodes") != fit.nodes)
    return not_verified("its hashed-nodes are not those of the configuration");
  const auto region = region_of(fit, be32(strings->value, 4));
  HF_TRY(auto view, view_of(region.structure, region.strings));
  for (const auto& image : images_of(*fit.configuration)) HF_CHECK(check_image(fit, image));
  for (const auto& key : trust.keys) {
    if (algorithm_name(key.algorithm) != fit.algorithm) continue;
    if (const auto verified = verify_any({.keys = {key}}, kSchemes, region.all(), value->value)) {
      view.facts["signer_key"] = to_hex(fingerprint_of(verified->key));
      return view;
    }
  }
  return not_verified("the configuration's signature is not by a trusted key");
}

struct Evidence {
  std::string algorithm, configuration;
  Region region;
};

class FitFormat final : public Format {
 public:
  std::string_view name() const override { return "fit"; }
  std::string_view summary() const override { return "U-Boot FIT, one signed configuration: RSA or ECDSA P-256"; }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::span<const Option> options() const override {
    static constexpr std::array all{
        Option{"configuration", "which one; else the default"},
        Option{"replace", "true: the configuration is signed already; its signature gives way to the new one"}};
    return all;
  }
  bool recognizes(ByteView head) const override { return head.size() >= fdt::kHeader && be32(head, 0) == fdt::kMagic; }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& given) const override {
    HF_TRY(const auto options, Options::read(given, *this));
    HF_TRY(const auto fit, open_fit(artifact, options.text("configuration")));
    if (fit.signature->find("value") && options.text("replace") != "true")
      return fail(ErrorKind::conflict, "HF-FORMAT-0012",
                  "the configuration is signed already; replace=true signs it anew");
    const auto region = region_of(fit, fit.blob.strings_size);
    HF_CHECK(view_of(region.structure, region.strings));
    for (const auto& image : images_of(*fit.configuration)) HF_CHECK(check_image(fit, image));
    return write_evidence(name(),
                          {{"algorithm", fit.algorithm},
                           {"configuration", fit.configuration->path.substr(fit.configuration->path.rfind('/') + 1)},
                           {"region", to_base64(region.structure)},
                           {"strings", to_base64(region.strings)}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return judged(parsed);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_CHECK(judged(parsed));
    HF_CHECK(check_algorithm(parsed.algorithm, context));
    return ToSign{parsed.region.all(), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_TRY(const auto expected, judged(parsed));
    HF_CHECK(check_algorithm(parsed.algorithm, context));
    HF_TRY(const auto fit, open_fit(artifact, parsed.configuration));
    const auto now = region_of(fit, std::min(fit.blob.strings_size, parsed.region.strings.size()));
    if (now.all() != parsed.region.all())
      return fail(ErrorKind::conflict, "HF-FORMAT-0009", "the artifact is not the one that the signature was made for");
    const auto blob = signed_blob(fit, context, signature);
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(blob));
    const auto base = fit.blob.data_base();
    if (base < fit.file.size()) HF_CHECK(target.copy(fit.file, base, fit.file.size() - base));
    HF_TRY(auto found, verify_configuration(target.path(), parsed.configuration, {.keys = {context.key}}));
    found.facts.erase("signer_key");
    if (found != expected)
      return fail(ErrorKind::conflict, "HF-FORMAT-0009", "the artifact is not the one that the signature was made for");
    return target.keep();
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    return verify_configuration(file.file, std::nullopt, trust);
  }

 private:
  static Result<void> check_algorithm(const std::string& algorithm, const SigningContext& context) {
    if (algorithm_name(context.key.algorithm) == algorithm) return {};
    return fail(ErrorKind::invalid, "HF-FORMAT-0008",
                "this key cannot sign it: the signature node's algo is '" + algorithm + "', the key's would be '" +
                    std::string(algorithm_name(context.key.algorithm)) + "'");
  }

  // The signature node anew: mkimage writes the same, each before the one that it wrote last.
  static Bytes signed_blob(const Fit& fit, const SigningContext& context, ByteView signature) {
    const auto structure = fit.blob.structure();
    Bytes strings(fit.blob.strings().begin(), fit.blob.strings().end());
    const auto strings_size = std::uint32_t(strings.size());
    const auto be = [](std::uint32_t value) {
      Bytes bytes;
      for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(std::uint8_t(value >> shift));
      return bytes;
    };
    std::vector<Bytes> properties;
    const auto property = [&](std::string_view name, ByteView value) {
      const auto terminated = std::string(name) + '\0';
      const auto known = text_of(strings).find('\0' + terminated);
      auto offset = known == std::string_view::npos ? strings.size() : known + 1;
      if (text_of(strings).starts_with(terminated)) offset = 0;
      if (offset == strings.size()) put(strings, bytes_of(terminated));
      Bytes token = be(3);
      put(token, be(std::uint32_t(value.size())));
      put(token, be(std::uint32_t(offset)));
      put(token, value);
      token.resize((token.size() + 3) / 4 * 4);
      properties.push_back(std::move(token));
    };
    property("value", signature);
    property("signer-name", bytes_of(std::string_view("holdfast\0", 9)));
    property("timestamp", be(std::uint32_t(micros(context.signing_time) / 1'000'000)));
    std::string nodes;
    for (const auto& node : fit.nodes) nodes += node + '\0';
    property("hashed-nodes", bytes_of(nodes));
    auto hashed = be(0);
    put(hashed, be(strings_size));
    property("hashed-strings", hashed);
    std::ranges::reverse(properties);

    Bytes out(structure.begin(), structure.begin() + std::ptrdiff_t(fit.signature->content));
    for (const auto& token : properties) put(out, token);
    for (const auto& kept : fit.signature->properties)
      if (std::ranges::find(kWritten, std::string_view(kept.name)) == kWritten.end())
        put(out, structure.subspan(kept.at, kept.end - kept.at));
    const auto rest = fit.signature->properties.empty() ? fit.signature->content : fit.signature->properties.back().end;
    put(out, structure.subspan(rest));
    return fdt::to_bytes(out, strings);
  }

  static Result<View> judged(const Evidence& evidence) {
    HF_TRY(auto view, view_of(evidence.region.structure, evidence.region.strings));
    if (view.facts.at("configuration").as_string() != evidence.configuration)
      return bad_evidence("it names another configuration than it holds");
    return view;
  }

  static Result<Evidence> parse(ByteView bytes) {
    Evidence evidence;
    HF_CHECK(read_evidence("fit", bytes, [&](Fields& fields) {
      evidence.algorithm = fields.text("algorithm");
      evidence.configuration = fields.text("configuration");
      evidence.region.structure = base64_field(fields, "region");
      evidence.region.strings = base64_field(fields, "strings");
    }));
    return evidence;
  }
};

}  // namespace

const Format& fit_format() {
  static const FitFormat format;
  return format;
}

}  // namespace hf::keys
