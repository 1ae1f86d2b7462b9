#include "keys/formats/fdt.h"

#include <algorithm>

namespace hf::keys::fdt {
namespace {

constexpr std::uint32_t kBegin = 1, kEnd = 2, kProperty = 3, kFinish = 9;
constexpr std::size_t kDepthMax = 16, kNodesMax = 4096;

std::size_t aligned(std::size_t at) { return (at + 3) / 4 * 4; }

// NUL-terminated, from there.
std::optional<std::string_view> string_at(ByteView bytes, std::size_t at) {
  if (at >= bytes.size()) return std::nullopt;
  const auto text = text_of(bytes.subspan(at));
  const auto end = text.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(0, end);
}

bool is_name(std::string_view name) {
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ',' || c == '.' ||
           c == '_' || c == '+' || c == '-' || c == '#' || c == '?';
  });
}

bool only_zeros(ByteView bytes, std::size_t from, std::size_t to) {
  return to <= bytes.size() && std::ranges::all_of(bytes.subspan(from, to - from), [](auto byte) { return byte == 0; });
}

}  // namespace

const Property* Node::find(std::string_view name) const {
  const auto found = std::ranges::find(properties, name, &Property::name);
  return found == properties.end() ? nullptr : &*found;
}

std::vector<std::string> Node::texts(std::string_view name) const {
  const auto* property = find(name);
  if (!property || property->value.empty() || property->value.back() != 0) return {};
  std::vector<std::string> out;
  for (const auto part : split(text_of(property->value.first(property->value.size() - 1)), '\0')) {
    if (part.empty() || !is_plain(part)) return {};
    out.emplace_back(part);
  }
  return out;
}
std::optional<std::string> Node::text(std::string_view name) const {
  auto list = texts(name);
  return list.size() == 1 ? std::optional(std::move(list[0])) : std::nullopt;
}
std::optional<std::uint32_t> Node::number(std::string_view name) const {
  const auto* property = find(name);
  if (!property || property->value.size() != 4) return std::nullopt;
  return be32(property->value, 0);
}

const Node* Tree::find(std::string_view path) const {
  const auto found = std::ranges::find(nodes, path, &Node::path);
  return found == nodes.end() ? nullptr : &*found;
}
std::vector<const Node*> Tree::children(const Node& node) const {
  std::vector<const Node*> found;
  for (const auto& child : nodes)
    if (&child != &nodes.front() && &nodes[child.parent] == &node) found.push_back(&child);
  return found;
}

Result<Tree> parse(ByteView structure, ByteView strings) {
  Tree tree;
  std::vector<std::size_t> open;
  std::vector<bool> has_children;
  for (std::size_t at = 0;;) {
    if (structure.size() - at < 4) return malformed("its device tree ends without its end");
    const auto tag = be32(structure, at);
    const auto begin = at;
    at += 4;
    if (tag == kBegin) {
      const auto name = string_at(structure, at);
      if (!name || !is_name(*name)) return malformed("the name of a node");
      const auto end = aligned(at + name->size() + 1);
      if (!only_zeros(structure, at + name->size(), end))
        return malformed("bytes of its device tree that should be zero");
      at = end;
      if (name->empty() != open.empty() || (open.empty() && !tree.nodes.empty())) return malformed("its root node");
      if (open.size() == kDepthMax || tree.nodes.size() == kNodesMax) return over_limit("the nodes of the device tree");
      Node node{.parent = open.empty() ? 0 : open.back(), .at = begin, .content = at};
      const auto& above = open.empty() ? std::string() : tree.nodes[open.back()].path;
      node.path = (above == "/" ? "" : above) + "/" + std::string(*name);
      if (tree.find(node.path)) return malformed("two nodes are named '" + node.path + "'");
      if (!open.empty()) has_children[open.back()] = true;
      open.push_back(tree.nodes.size());
      tree.nodes.push_back(std::move(node));
      has_children.push_back(false);
    } else if (tag == kProperty) {
      if (open.empty() || structure.size() - at < 8) return malformed("a property of its device tree");
      const std::size_t size = be32(structure, at);
      const auto name = string_at(strings, be32(structure, at + 4));
      at += 8;
      auto& node = tree.nodes[open.back()];
      if (!name || name->empty() || !is_name(*name) || size > structure.size() - at || has_children[open.back()] ||
          node.find(*name))
        return malformed("a property of '" + node.path + "'");
      const auto end = aligned(at + size);  // libfdt leaves in the padding what was there
      if (end > structure.size()) return malformed("a property of '" + node.path + "'");
      node.properties.push_back({std::string(*name), structure.subspan(at, size), begin, end});
      at = end;
    } else if (tag == kEnd) {
      if (open.empty()) return malformed("its device tree ends a node that it did not begin");
      tree.nodes[open.back()].last = begin;
      tree.nodes[open.back()].end = at;
      open.pop_back();
    } else if (tag == kFinish) {
      if (!open.empty() || tree.nodes.empty() || at != structure.size()) return malformed("the end of its device tree");
      return tree;
    } else {
      return malformed("a token of its device tree that is not taken");
    }
  }
}

Result<Blob> read_blob(const SourceFile& file) {
  constexpr std::size_t kSizeMax = std::size_t{512} << 20;
  if (file.size() < kHeader) return malformed("it ends within a device tree header");
  HF_TRY(const auto header, file.read(0, kHeader));
  const std::size_t total = be32(header, 4);
  if (be32(header, 0) != kMagic) return malformed("it does not begin with a device tree");
  if (total > kSizeMax) return over_limit("the device tree");
  if (total < kHeader || total > file.size()) return malformed("the size of its device tree");
  Blob blob{.structure_at = be32(header, 8),
            .structure_size = be32(header, 36),
            .strings_at = be32(header, 12),
            .strings_size = be32(header, 32)};
  constexpr std::size_t kVersion = 17, kReservation = 16;
  const std::size_t reservations = be32(header, 16);
  if (be32(header, 20) != kVersion || blob.structure_at % 4 != 0 || blob.structure_at > total ||
      blob.structure_size > total - blob.structure_at || blob.strings_at > total ||
      blob.strings_size > total - blob.strings_at || reservations > total - kReservation)
    return malformed("its device tree header");
  HF_TRY(blob.bytes, file.read(0, total));
  if (!only_zeros(blob.bytes, reservations, reservations + kReservation))
    return malformed("memory reservations, which no FIT has");
  return blob;
}

Bytes to_bytes(ByteView structure, ByteView strings) {
  constexpr std::uint32_t kReservations = kHeader, kStructure = kHeader + 16, kVersion = 17, kCompatible = 16;
  const auto strings_at = std::uint32_t(kStructure + structure.size());
  const auto total = std::uint32_t(aligned(strings_at + strings.size()));
  Bytes out;
  for (const std::uint32_t value : {kMagic, total, kStructure, strings_at, kReservations, kVersion, kCompatible, 0U,
                                    std::uint32_t(strings.size()), std::uint32_t(structure.size())})
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(std::uint8_t(value >> shift));
  out.resize(kStructure);
  put(out, structure);
  put(out, strings);
  out.resize(total);
  return out;
}

Bytes regions(ByteView structure, const Tree& tree, const std::vector<std::string>& nodes,
              std::span<const std::string_view> excluded) {
  Bytes out;
  std::vector<int> wants(tree.nodes.size());
  std::vector<std::size_t> open;
  const auto close_until = [&](std::size_t at) {
    for (; !open.empty() && tree.nodes[open.back()].end <= at; open.pop_back()) {
      const auto& node = tree.nodes[open.back()];
      if (wants[open.back()] > 0) put(out, structure.subspan(node.last, node.end - node.last));
    }
  };
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const auto& node = tree.nodes[i];
    close_until(node.at);
    const int above = i == 0 ? 0 : wants[node.parent];
    wants[i] = std::ranges::find(nodes, node.path) != nodes.end() ? 2 : std::max(above - 1, 0);
    open.push_back(i);
    if (wants[i] > 0) put(out, structure.subspan(node.at, node.content - node.at));
    for (const auto& property : node.properties)
      if (wants[i] == 2 && std::ranges::find(excluded, std::string_view(property.name)) == excluded.end())
        put(out, structure.subspan(property.at, property.end - property.at));
  }
  close_until(structure.size());
  put(out, structure.last(4));
  return out;
}

}  // namespace hf::keys::fdt
