#include "silicon/catalogue.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace hf::silicon {
namespace {

constexpr std::size_t kBytesMax = 4U << 20;

auto wrong(std::string what) {
  return fail(ErrorKind::invalid, "HF-SILICON-0001", "the silicon catalogue is wrong: " + what);
}

const JsonObject* object_in(const JsonObject& json, std::string_view name) {
  const auto* member = json.if_contains(name);
  return member ? member->if_object() : nullptr;
}
std::string text_in(const JsonObject& json, std::string_view name) {
  const auto* member = json.if_contains(name);
  const auto* text = member ? member->if_string() : nullptr;
  return text ? std::string(*text) : std::string();
}
// Absent, or the word "unknown": unknown.
std::optional<bool> flag_in(const JsonObject& json, std::string_view name) {
  const auto* member = json.if_contains(name);
  return member && member->is_bool() ? std::optional(member->get_bool()) : std::nullopt;
}
std::vector<std::string> texts_in(const JsonObject& json, std::string_view name) {
  std::vector<std::string> texts;
  const auto* member = json.if_contains(name);
  if (const auto* list = member ? member->if_array() : nullptr)
    for (const auto& item : *list)
      if (item.is_string()) texts.emplace_back(item.get_string());
  return texts;
}

Result<RootKeys> root_keys_of(const JsonObject& json, const JsonObject& sources, std::string_view platform) {
  RootKeys keys{.level = text_in(json, "level"),
                .revocable = flag_in(json, "revocable"),
                .detail = text_in(json, "detail"),
                .confidence = text_in(json, "confidence")};
  if (keys.level.empty()) keys.level = "unknown";
  if (const auto* slots = json.if_contains("slots"); slots && slots->is_int64()) {
    if (slots->get_int64() < 0) return wrong(std::string(platform) + " has a negative number of slots");
    keys.slots = slots->get_int64();
  }
  for (const auto& id : texts_in(json, "sources")) {
    const auto* source = object_in(sources, id);
    if (!source) return wrong(std::string(platform) + " names the source '" + id + "', which is not there");
    keys.sources.push_back({id, text_in(*source, "ref"), text_in(*source, "version")});
  }
  // A figure that nobody stands behind is none.
  if (keys.slots && keys.sources.empty()) return wrong(std::string(platform) + " has slots without a source");
  return keys;
}

void read_algorithms(const JsonObject& crypto, Platform& platform) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames{
      {{"aes", "aes"}, {"sha256", "sha256"}, {"sha384", "sha384"}, {"p256_hw", "p256"}, {"p384_hw", "p384"}}};
  for (const auto& [member, name] : kNames)
    if (const auto has = flag_in(crypto, member)) {
      platform.algorithms_known = true;
      if (*has) platform.algorithms.emplace_back(name);
    }
}

}  // namespace

Result<Catalogue> Catalogue::read(std::string_view text) {
  HF_TRY(const auto json, parse_json(text, {.bytes_max = kBytesMax, .depth_max = 16}));
  const auto* top = json.if_object();
  if (!top || text_in(*top, "schema") != "holdfast-silicon-catalogue/1")
    return wrong("the schema 'holdfast-silicon-catalogue/1' is expected");
  const auto* sources = object_in(*top, "sources");
  const auto* legend = object_in(*top, "confidence_legend");
  const auto* list = top->if_contains("platforms") ? top->at("platforms").if_array() : nullptr;
  if (!sources || !legend || !list) return wrong("sources, confidence_legend and platforms are expected");
  Catalogue made;
  made.generated_ = text_in(*top, "generated");
  for (const auto& [letter, says] : *legend)
    if (says.is_string()) made.confidence_.emplace_back(letter, says.get_string());
  for (const auto& item : *list) {
    const auto* object = item.if_object();
    const auto* capabilities = object ? object_in(*object, "capabilities") : nullptr;
    const auto* root_keys = capabilities ? object_in(*capabilities, "root_keys") : nullptr;
    if (!root_keys || text_in(*object, "id").empty()) return wrong("a platform has an id and capabilities.root_keys");
    Platform platform{.id = text_in(*object, "id"),
                      .vendor = text_in(*object, "vendor"),
                      .family = text_in(*object, "family"),
                      .kind = text_in(*object, "class"),
                      .architecture = text_in(*object, "architecture"),
                      .parts = texts_in(*object, "part_patterns"),
                      .algorithms = {},
                      .root_keys = {},
                      .whole = *object};
    HF_TRY(platform.root_keys, root_keys_of(*root_keys, *sources, platform.id));
    if (const auto* crypto = object_in(*capabilities, "crypto")) read_algorithms(*crypto, platform);
    made.platforms_.push_back(std::move(platform));
  }
  std::ranges::sort(made.platforms_, {}, &Platform::id);
  if (const auto twice = std::ranges::adjacent_find(made.platforms_, {}, &Platform::id); twice != made.platforms_.end())
    return wrong(twice->id + " is there twice");
  return made;
}

const Platform* Catalogue::find(std::string_view id) const {
  const auto found = std::ranges::lower_bound(platforms_, id, {}, &Platform::id);
  return found != platforms_.end() && found->id == id ? &*found : nullptr;
}

std::string_view Catalogue::confidence(std::string_view letter) const {
  for (const auto& [one, says] : confidence_)
    if (one == letter) return says;
  return {};
}

const Catalogue& catalogue() {
  static const auto read = Catalogue::read(embedded_catalogue());
  if (!read) std::abort();  // the build embedded what its tests did not read
  return *read;
}

}  // namespace hf::silicon
