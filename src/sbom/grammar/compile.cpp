// *.grammar texts to nodes. The notation is described in README.md of this folder.
#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "base/text.h"
#include "sbom/digest.h"
#include "sbom/grammar/grammar.h"

namespace hf::sbom::grammar {
namespace {

// "1.4" and "3.0.1" as numbers that compare: major and minor decide.
int version_number(std::string_view text) {
  int major = 0, minor = 0;
  const auto dot = text.find('.');
  std::from_chars(text.data(), text.data() + std::min(dot, text.size()), major);
  if (dot != std::string_view::npos) std::from_chars(text.data() + dot + 1, text.data() + text.size(), minor);
  return major * 1000 + minor;
}

// "@1.3+", "@-1.4", "@1.3-1.5", "@1.5"
bool holds(std::string_view range, int version) {
  range.remove_prefix(1);
  if (range.ends_with('+')) return version >= version_number(range.substr(0, range.size() - 1));
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return version == version_number(range);
  return (dash == 0 || version >= version_number(range.substr(0, dash))) &&
         version <= version_number(range.substr(dash + 1));
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const auto part : split(line, ' '))
    if (!part.empty()) words.push_back(part);
  return words;
}

}  // namespace

class Compiler {
 public:
  Compiler(Grammar& grammar, std::string_view version) : grammar_(grammar), version_(version_number(version)) {}

  void read(std::string_view text) {
    for (auto line : split(text, '\n')) {
      if (const auto hash = line.find("# "); hash != std::string_view::npos) line = line.substr(0, hash);
      const bool inside = line.starts_with(' ');
      auto words = words_of(line);
      if (words.empty()) continue;
      const bool here = !words.back().starts_with('@') || holds(words.back(), version_);
      if (words.back().starts_with('@')) words.pop_back();
      if (!inside) skipping_ = !here;
      if (here && !skipping_) inside ? member(words) : head(words);
    }
    current_ = nullptr;
  }

  void finish() {
    for (auto& [name, entry] : named_)
      if (!entry.defined) broken("nothing defines " + std::string(name));
    for (auto& [name, entry] : named_) inherit(entry);
    for (auto& node : grammar_.nodes_) node.names.build();
    for (const auto& [node, kind, members] : rules_) {
      Rule rule{kind, {}};
      for (const auto name : members) {
        const auto index = node->names.find(name);
        if (index == NameTable::kNone) broken("a rule names " + std::string(name));
        rule.members.push_back(index);
      }
      node->rules.push_back(std::move(rule));
    }
    for (auto& node : grammar_.nodes_) {
      if (node.kind == Kind::object && node.names.size() > MemberSet::kMax)
        broken("too many members in " + std::string(node.name));
      for (std::uint32_t i = 0; i < node.properties.size(); ++i) {
        node.digests.push_back(digest_of(node.names[i]));
        if (node.properties[i].required) node.required.insert(i);
      }
      if (node.kind == Kind::select)
        for (std::size_t i = 0; i < node.names.size(); ++i) node.classes.push_back(named_.at(node.names[i]).node);
    }
    for (const auto& [list, name] : alone_) list->alone = list->items->names.find(name);
    if (!grammar_.root_) broken("there is no root");
  }

 private:
  struct Entry {
    Node* node = nullptr;
    std::string_view base;
    bool defined = false, inherited = false;
  };
  struct NamedRule {
    Node* node;
    RuleKind kind;
    std::vector<std::string_view> members;
  };

  [[noreturn]] static void broken(const std::string& what) { throw std::logic_error("sbom grammar: " + what); }

  Node& fresh() { return grammar_.nodes_.emplace_back(); }

  Entry& entry(std::string_view name) {
    auto& found = named_[name];
    if (!found.node) {
      found.node = &fresh();
      found.node->name = name;
    }
    return found;
  }

  void head(const std::vector<std::string_view>& words) {
    const auto what = words[0];
    if (what == "root") {
      grammar_.root_ = entry(words.at(1)).node;
      return;
    }
    auto& named = entry(words.at(1));
    if (named.defined) broken("defined twice: " + std::string(words[1]));
    if (form_named(words[1])) broken("a form has the name " + std::string(words[1]));
    named.defined = true;
    current_ = named.node;
    if (what == "object") {
      current_->kind = Kind::object;
      for (std::size_t i = 2; i < words.size(); ++i) {
        if (words[i] == ":") named.base = words.at(++i);
        else if (words[i] == "closed") current_->closed = true;
        else if (words[i].starts_with("closed@")) current_->closed = holds(words[i].substr(6), version_);
        else broken("object " + std::string(words[1]));
      }
    } else if (what == "words") {
      current_->kind = Kind::words;
    } else if (what == "select") {
      current_->kind = Kind::select;
      current_->member = words.at(2);
    } else if (what == "type") {
      type(*current_, {words.begin() + 2, words.end()});
    } else {
      broken(std::string(what));
    }
  }

  void member(const std::vector<std::string_view>& words) {
    if (!current_) broken("a member of nothing: " + std::string(words[0]));
    if (current_->kind == Kind::select && words[0] == "otherwise") {
      current_->otherwise = entry(words.at(1)).node;
      return;
    }
    if (current_->kind == Kind::words || current_->kind == Kind::select) {
      for (const auto word : words) {
        current_->names.add(word);
        if (current_->kind == Kind::select) entry(word);
      }
      return;
    }
    static constexpr std::pair<std::string_view, RuleKind> kRules[] = {{"exactly-one", RuleKind::exactly_one},
                                                                       {"at-least-one", RuleKind::at_least_one},
                                                                       {"at-most-one", RuleKind::at_most_one},
                                                                       {"requires", RuleKind::requires_all}};
    for (const auto& [name, kind] : kRules)
      if (words[0] == name) {
        rules_.push_back({current_, kind, {words.begin() + 1, words.end()}});
        return;
      }
    auto name = words[0];
    const bool required = name.ends_with('!');
    if (required) name.remove_suffix(1);
    auto& node = fresh();
    type(node, {words.begin() + 1, words.end()});
    current_->names.add(name);
    current_->properties.push_back({&resolved(node), required});
  }

  // A member whose type is one plain name points to the named node itself.
  const Node& resolved(Node& node) {
    const auto alias = aliases_.find(&node);
    return alias == aliases_.end() ? node : *alias->second;
  }

  // "text", "[hash] unique", "toolset | [tool] unique"
  void type(Node& node, const std::vector<std::string_view>& words) {
    if (words.empty()) broken("a member without a type");
    std::vector<std::vector<std::string_view>> alternatives(1);
    for (const auto word : words) {
      if (word == "|") alternatives.emplace_back();
      else alternatives.back().push_back(word);
    }
    if (alternatives.size() == 1) return one(node, alternatives[0]);
    node.kind = Kind::choice;
    for (const auto& alternative : alternatives) {
      auto& inner = fresh();
      one(inner, alternative);
      pending_choices_.emplace_back(&node, &resolved(inner));
    }
    settle(node);
  }

  void one(Node& node, const std::vector<std::string_view>& words) {
    const auto word = words.at(0);
    if (word.starts_with('[')) {
      node.kind = Kind::list;
      auto& item = fresh();
      auto inner = word.substr(1, word.size() - 2);
      std::vector<std::string_view> parts;
      for (std::size_t at = 0; at != std::string_view::npos;) {
        const auto bar = inner.find('|', at);
        parts.push_back(inner.substr(at, bar == std::string_view::npos ? bar : bar - at));
        if (bar == std::string_view::npos) break;
        parts.emplace_back("|");
        at = bar + 1;
      }
      type(item, parts);
      node.items = &resolved(item);
      for (std::size_t i = 1; i < words.size(); ++i) list_modifier(node, words[i]);
      return;
    }
    if (words.size() > 1) broken("what is " + std::string(words[1]));
    plain(node, word);
  }

  void list_modifier(Node& node, std::string_view word) {
    if (word == "unique") node.unique = true;
    else if (word == "1+") node.items_min = 1;
    else if (word.starts_with("alone:")) alone_.emplace_back(&node, word.substr(6));
    else broken("list " + std::string(word));
  }

  void plain(Node& node, std::string_view word) {
    node.hint = word.ends_with('?');
    if (node.hint) word.remove_suffix(1);
    if (word.starts_with('"')) {
      node.kind = Kind::words;
      node.names.add(word.substr(1, word.size() - 2));
      return;
    }
    const auto colon = word.find(':');
    const auto head = word.substr(0, colon),
               tail = colon == std::string_view::npos ? std::string_view() : word.substr(colon + 1);
    if (word == "any") {
      node.kind = Kind::any;
    } else if (word == "boolean") {
      node.kind = Kind::boolean;
    } else if (head == "integer" || head == "number") {
      node.kind = head == "integer" ? Kind::integer : Kind::number;
      if (!tail.empty()) bounds(node, tail);
    } else if (head == "id" || head == "ref" || head == "import") {
      node.kind = Kind::text;
      node.role = head == "id" ? Role::id : head == "ref" ? Role::ref : Role::import;
      const auto form = form_named(tail);
      if (!form) broken("form " + std::string(word));
      node.form = *form;
    } else if (const auto form = form_named(word)) {
      node.kind = Kind::text;
      node.form = *form;
    } else {
      aliases_[&node] = entry(word).node;
    }
  }

  static void bounds(Node& node, std::string_view range) {  // "1..", "0..1"
    const auto dots = range.find("..");
    const auto read = [](std::string_view text) { return std::stod(std::string(text)); };
    if (dots > 0) node.min = read(range.substr(0, dots));
    if (dots + 2 < range.size()) node.max = read(range.substr(dots + 2));
  }

  // Which alternative a JSON type picks. A named alternative may be defined later in the text, so an unknown kind is an
  // object: that is the only named kind that the grammars put into a choice before its definition.
  void settle(Node& node) {
    for (const auto& [choice, alternative] : pending_choices_) {
      if (choice != &node) continue;
      switch (alternative->kind) {
        case Kind::text:
        case Kind::words: node.if_text = alternative; break;
        case Kind::list: node.if_list = alternative; break;
        case Kind::integer:
        case Kind::number: node.if_number = alternative; break;
        case Kind::boolean: node.if_boolean = alternative; break;
        default: node.if_object = alternative;
      }
    }
    std::erase_if(pending_choices_, [&](const auto& pending) { return pending.first == &node; });
  }

  void inherit(Entry& entry) {
    if (entry.inherited || entry.base.empty()) return;
    entry.inherited = true;
    auto& base = named_.at(entry.base);
    inherit(base);
    NameTable names;
    std::vector<Property> properties;
    const auto own = [&](std::string_view name) {
      for (std::size_t i = 0; i < entry.node->names.size(); ++i)
        if (entry.node->names[i] == name) return true;
      return false;
    };
    for (std::size_t i = 0; i < base.node->names.size(); ++i)
      if (!own(base.node->names[i])) names.add(base.node->names[i]), properties.push_back(base.node->properties[i]);
    for (std::size_t i = 0; i < entry.node->names.size(); ++i)
      names.add(entry.node->names[i]), properties.push_back(entry.node->properties[i]);
    entry.node->names = std::move(names);
    entry.node->properties = std::move(properties);
    entry.node->closed = entry.node->closed || base.node->closed;
    std::vector<NamedRule> rules;
    for (const auto& rule : rules_)
      if (rule.node == base.node) rules.push_back({entry.node, rule.kind, rule.members});
    rules_.insert(rules_.end(), rules.begin(), rules.end());
  }

  Grammar& grammar_;
  int version_;
  Node* current_ = nullptr;
  bool skipping_ = false;  // the members of something that this version does not have
  std::map<std::string_view, Entry> named_;
  std::map<const Node*, const Node*> aliases_;
  std::vector<std::pair<const Node*, const Node*>> pending_choices_;
  std::vector<NamedRule> rules_;
  std::vector<std::pair<Node*, std::string_view>> alone_;
};

Grammar::Grammar(const std::vector<std::string_view>& texts, std::string_view version) {
  Compiler compiler(*this, version);
  for (const auto text : texts) compiler.read(text);
  compiler.finish();
}

}  // namespace hf::sbom::grammar
