// A document format as data: which members an object has, of what type, since which version. The formats are written
// in *.grammar files (see README.md for the notation) and compiled once for each version. Immutable afterwards.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sbom/grammar/forms.h"

namespace hf::sbom::grammar {

// Names to their position: open addressing, one probe for nearly every lookup.
class NameTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void build();  // after the last add
  void add(std::string_view name) { names_.push_back(name); }
  [[nodiscard]] std::uint32_t find(std::string_view name) const;
  [[nodiscard]] std::string_view operator[](std::size_t index) const { return names_[index]; }
  [[nodiscard]] std::size_t size() const { return names_.size(); }

 private:
  [[nodiscard]] static std::uint64_t hash(std::string_view name);
  std::vector<std::string_view> names_;
  std::vector<std::uint32_t> slots_;
};

// The members of one object, by position.
class MemberSet {
 public:
  static constexpr std::uint32_t kMax = 128;
  void insert(std::uint32_t i) { bits_[i >> 6] |= std::uint64_t{1} << (i & 63); }
  [[nodiscard]] bool contains(std::uint32_t i) const { return (bits_[i >> 6] >> (i & 63)) & 1; }
  [[nodiscard]] bool covers(const MemberSet& other) const {
    return (other.bits_[0] & ~bits_[0]) == 0 && (other.bits_[1] & ~bits_[1]) == 0;
  }

 private:
  std::uint64_t bits_[2] = {0, 0};
};

enum class Kind : std::uint8_t { any, text, words, integer, number, boolean, object, list, choice, select };
enum class Role : std::uint8_t {
  none,
  id,
  ref,
  import
};  // of a text: defines a name, uses one, or names one elsewhere
enum class RuleKind : std::uint8_t { exactly_one, at_least_one, at_most_one, requires_all };

struct Rule {  // over the members of an object, as bits in the order of `names`
  RuleKind kind = RuleKind::exactly_one;
  std::vector<std::uint32_t> members;  // requires_all: the first one requires the others
};

struct Node;
struct Property {
  const Node* type = nullptr;
  bool required = false;
};

struct Node {
  Kind kind = Kind::any;
  std::string_view name;  // for messages: "component", "hash"
  NameTable names;        // object: members; words: the words; select: the classes

  Form form = Form::any;  // text
  bool hint = false;      // text: another form is a warning, and the document is still read
  Role role = Role::none;

  double min = -1e308, max = 1e308;                     // integer, number
  std::uint32_t items_min = 0, items_max = UINT32_MAX;  // list
  bool unique = false;                                  // list: no two equal items
  std::uint32_t alone = NameTable::kNone;               // list: an item with this member must be the only one
  const Node* items = nullptr;                          // list

  bool closed = false;  // object: no other members
  std::vector<Property> properties;
  std::vector<std::uint64_t> digests;  // of the names
  MemberSet required;
  std::vector<Rule> rules;

  // choice: one alternative for each JSON type
  const Node* if_object = nullptr;
  const Node* if_list = nullptr;
  const Node* if_text = nullptr;
  const Node* if_number = nullptr;
  const Node* if_boolean = nullptr;

  std::string_view member;           // select: the member whose text names the class
  std::vector<const Node*> classes;  // select
  const Node* otherwise = nullptr;   // select: what a class with an IRI for a name is, outside the model
};

class Grammar {
 public:
  // `texts` in the notation of README.md; `version` picks the members that exist in it. The texts are ours: a mistake
  // in them ends the process.
  Grammar(const std::vector<std::string_view>& texts, std::string_view version);
  Grammar(const Grammar&) = delete;
  Grammar& operator=(const Grammar&) = delete;

  [[nodiscard]] const Node& root() const { return *root_; }

 private:
  friend class Compiler;
  std::deque<Node> nodes_;
  const Node* root_ = nullptr;
};

}  // namespace hf::sbom::grammar
