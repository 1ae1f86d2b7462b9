#include "keys/formats/format.h"

namespace hf::keys {

JsonObject to_json(const View& view) {
  const auto list = [](const std::vector<std::string>& texts) {
    JsonArray items;
    for (const auto& text : texts) items.emplace_back(text);
    return items;
  };
  return {{"format", view.format},
          {"kind", view.kind},
          {"version", view.version ? Json(*view.version) : Json(nullptr)},
          {"security_version", view.security_version ? Json(std::int64_t(*view.security_version)) : Json(nullptr)},
          {"compatible", list(view.compatible)},
          {"digests", list(view.digests)},
          {"digest_only", view.digest_only},
          {"claimed", view.claimed},
          {"facts", view.facts}};
}

}  // namespace hf::keys
