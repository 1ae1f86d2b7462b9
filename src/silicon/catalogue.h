// The catalogue of silicon platforms: what each can hold of root keys, with where that is from. Data of the product
// (catalogue.json), read once and checked when it is; what nobody has shown is unknown, and unknown is not none.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace hf::silicon {

struct Source {
  std::string id, reference, version;
};

// Keys that the first stage takes as its own.
struct RootKeys {
  std::string level{};                  // in words; "unknown"
  std::optional<std::int64_t> slots{};  // absent: unknown
  std::optional<bool> revocable{};      // absent: unknown
  std::string detail{};
  std::string confidence{};  // "M", "D", "V" or "S", see Catalogue::confidence; empty: unknown
  std::vector<Source> sources{};
};

struct Platform {
  std::string id, vendor, family, kind, architecture;
  std::vector<std::string> parts;       // patterns of part numbers
  std::vector<std::string> algorithms;  // of its crypto engine: "aes", "sha256", "sha384", "p256", "p384"
  bool algorithms_known = false;        // else the list is empty because nobody has shown it
  RootKeys root_keys;
  JsonObject whole;  // as the catalogue has it
};

class Catalogue {
 public:
  // HF-SILICON-0001: it is not such a document.
  [[nodiscard]] static Result<Catalogue> read(std::string_view json);

  [[nodiscard]] const Platform* find(std::string_view id) const;
  [[nodiscard]] const std::vector<Platform>& platforms() const { return platforms_; }
  [[nodiscard]] const std::string& generated() const { return generated_; }  // its version: a date
  [[nodiscard]] std::string_view confidence(std::string_view letter) const;  // what the letter says

 private:
  std::vector<Platform> platforms_;  // by id
  std::string generated_;
  std::vector<std::pair<std::string, std::string>> confidence_;
};

// The one inside the binary. Its tests read it: it cannot be wrong.
[[nodiscard]] const Catalogue& catalogue();
[[nodiscard]] std::string embedded_catalogue();

}  // namespace hf::silicon
