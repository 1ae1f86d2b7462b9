#include "cli/command.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <ostream>

namespace hf::cli {
namespace {

auto usage_error(std::string message) { return fail(ErrorKind::invalid, "HF-CLI-0001", std::move(message)); }

// Levenshtein distance, for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substituted}));
    }
  }
  return row.back();
}

const Option* find(const Spec& spec, std::string_view name) {
  const auto at =
      std::find_if(spec.options.begin(), spec.options.end(), [&](const Option& o) { return o.name == name; });
  return at == spec.options.end() ? nullptr : &*at;
}

std::string unknown(const Spec& spec, std::string_view name) {
  std::string text = "there is no option --" + std::string(name);
  const auto near = std::min_element(spec.options.begin(), spec.options.end(), [&](const Option& a, const Option& b) {
    return distance(a.name, name) < distance(b.name, name);
  });
  if (near != spec.options.end() && distance(near->name, name) <= 2)
    text += "; did you mean --" + std::string(near->name) + "?";
  return text;
}

std::string printable(std::string_view cell) {
  std::string text(cell);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

// Columns a UTF-8 text takes, near enough for names and serials: code points.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string usage_of(const Spec& spec) {
  std::string text = "holdfast " + std::string(spec.name);
  for (const auto& p : spec.positionals) {
    const auto name = std::string(p.name) + (p.repeatable ? "..." : "");
    text += p.required ? " " + name : " [" + name + "]";
  }
  return text + (spec.options.empty() ? "" : " [OPTIONS]");
}

}  // namespace

Exit exit_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid: return kInvalid;
    case ErrorKind::not_found: return kNotFound;
    case ErrorKind::unauthenticated:
    case ErrorKind::forbidden:
    case ErrorKind::conflict:
    case ErrorKind::limit: return kRefused;
    case ErrorKind::unavailable: return kUnavailable;
    case ErrorKind::internal: return kInternal;
  }
  return kInternal;
}

Result<Args> Args::parse(const Spec& spec, std::span<const std::string_view> words) {
  Args args;
  bool options_ended = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto word = words[i];
    if (options_ended || word == "-" || !word.starts_with('-')) {
      args.positionals_.emplace_back(word);
      continue;
    }
    if (word == "--") {
      options_ended = true;
      continue;
    }
    if (!word.starts_with("--")) return usage_error("options are written with two dashes: " + std::string(word));
    word.remove_prefix(2);
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto* option = find(spec, name);
    if (!option) return usage_error(unknown(spec, name));
    std::string value;
    if (option->value.empty()) {
      if (equals != std::string_view::npos) return usage_error("--" + std::string(name) + " takes no value");
    } else if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      return usage_error("--" + std::string(name) + " needs a value: " + std::string(option->value));
    }
    if (!option->choices.empty() &&
        std::find(option->choices.begin(), option->choices.end(), value) == option->choices.end()) {
      std::string choices;
      for (const auto choice : option->choices) choices += (choices.empty() ? "" : ", ") + std::string(choice);
      return usage_error("--" + std::string(name) + " is one of " + choices);
    }
    auto& given = args.options_[std::string(name)];
    if (!given.empty() && !option->repeatable) return usage_error("--" + std::string(name) + " is given twice");
    given.push_back(std::move(value));
  }
  const auto required =
      std::count_if(spec.positionals.begin(), spec.positionals.end(), [](const auto& p) { return p.required; });
  if (args.positionals_.size() < static_cast<std::size_t>(required))
    return usage_error(std::string(spec.positionals[args.positionals_.size()].name) + " is missing: " + usage_of(spec));
  const bool open_ended = !spec.positionals.empty() && spec.positionals.back().repeatable;
  if (!open_ended && args.positionals_.size() > spec.positionals.size())
    return usage_error("one word too many: " + args.positionals_[spec.positionals.size()]);
  for (const auto& option : spec.options)
    if (option.required && !args.flag(option.name)) return usage_error("--" + std::string(option.name) + " is missing");
  return args;
}

std::string_view Args::positional(std::size_t index) const {
  return index < positionals_.size() ? std::string_view(positionals_[index]) : std::string_view();
}

std::optional<std::string_view> Args::option(std::string_view name) const {
  const auto given = all(name);
  if (given.empty()) return std::nullopt;
  return given.back();
}

std::span<const std::string> Args::all(std::string_view name) const {
  const auto at = options_.find(name);
  if (at == options_.end()) return {};
  return at->second;
}

Result<std::int64_t> Args::integer(std::string_view name, std::int64_t otherwise, std::int64_t min,
                                   std::int64_t max) const {
  const auto text = option(name);
  if (!text) return otherwise;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < min || value > max)
    return fail(
        ErrorKind::invalid, "HF-CLI-0002",
        "--" + std::string(name) + " takes a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return value;
}

std::string help_of(const Spec& spec) {
  std::string text = std::string(spec.summary) + "\n\nUsage: " + usage_of(spec) + "\n";
  if (!spec.details.empty()) text += "\n" + std::string(spec.details) + "\n";
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& p : spec.positionals) lines.emplace_back(std::string(p.name), std::string(p.help));
  for (const auto& o : spec.options) {
    std::string help(o.help);
    if (!o.choices.empty()) {
      help += " (";
      for (const auto choice : o.choices)
        help += std::string(choice == o.choices.front() ? "" : "|") + std::string(choice);
      help += ")";
    }
    if (o.required) help += " [required]";
    lines.emplace_back("--" + std::string(o.name) + (o.value.empty() ? "" : " " + std::string(o.value)), help);
  }
  std::size_t column = 0;
  for (const auto& [left, right] : lines) column = std::max(column, left.size());
  if (!lines.empty()) text += "\n";
  for (const auto& [left, right] : lines)
    text += "  " + left + std::string(column - left.size() + 2, ' ') + right + "\n";
  if (!spec.examples.empty()) text += "\nExamples:\n";
  for (const auto example : spec.examples) text += "  " + std::string(example) + "\n";
  return text;
}

std::string table(std::span<const std::string> header, std::span<const std::vector<std::string>> rows) {
  std::vector<std::size_t> widths;
  for (const auto& cell : header) widths.push_back(width(cell));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  std::string text;
  const auto line = [&](std::span<const std::string> cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto cell = printable(cells[i]);
      text += cell;
      if (i + 1 < cells.size()) text.append(widths[i] - std::min(widths[i], width(cell)) + 2, ' ');
    }
    text += '\n';
  };
  line(header);
  for (const auto& row : rows) line(row);
  return text;
}

std::string csv_row(std::span<const std::string> cells) {
  std::string text;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string cell = cells[i];
    if (!cell.empty() && std::string_view("=+-@\t\r").find(cell.front()) != std::string_view::npos)
      cell.insert(0, 1, '\'');
    if (cell.find_first_of(",\"\r\n") != std::string::npos) {
      std::string quoted = "\"";
      for (const char c : cell) quoted.append(c == '"' ? 2 : 1, c);
      cell = quoted + "\"";
    }
    text += (i == 0 ? "" : ",") + cell;
  }
  return text + "\r\n";
}

void Progress::at(std::uint64_t done) {
  const int percent = total_ == 0 ? 100 : static_cast<int>(std::min<std::uint64_t>(100, done * 100 / total_));
  if (percent == shown_) return;
  if (terminal_.err_is_tty) {
    shown_ = percent;
    const auto filled = static_cast<std::size_t>(percent / 4);
    terminal_.err << '\r' << what_ << " [" << std::string(filled, '#') << std::string(25 - filled, ' ') << "] "
                  << percent << "% " << done << "/" << total_ << std::flush;
  } else if (percent / 10 != shown_ / 10 || shown_ < 0) {
    shown_ = percent;
    terminal_.err << what_ << ": " << percent << "% " << done << "/" << total_ << "\n";
  }
}

Progress::~Progress() {
  if (terminal_.err_is_tty && shown_ >= 0) terminal_.err << "\n";
}

}  // namespace hf::cli
