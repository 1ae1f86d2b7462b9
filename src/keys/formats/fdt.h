// Flattened device tree (Devicetree Specification 0.4, chapter 5), as U-Boot's FIT uses it: read strictly, so that
// there is one way to read it. Big endian.
#pragma once

#include <functional>

#include "keys/formats/support.h"

namespace hf::keys::fdt {

inline constexpr std::uint32_t kMagic = 0xd00dfeed;
inline constexpr std::size_t kHeader = 40;

struct Property {
  std::string name{};
  ByteView value{};
  std::size_t at = 0, end = 0;  // of its token, in the structure block
};
struct Node {
  std::string path{};               // "/images/kernel-1"; the root: "/"
  std::size_t parent = 0;           // index of
  std::size_t at = 0, content = 0;  // of its token, and after that
  std::size_t last = 0, end = 0;    // of its end token, and after that
  std::vector<Property> properties{};

  [[nodiscard]] const Property* find(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;  // one string, plain
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;   // a list of such; empty: none, or not
  [[nodiscard]] std::optional<std::uint32_t> number(std::string_view name) const;
};

struct Tree {
  std::vector<Node> nodes{};  // in order; the first is the root
  [[nodiscard]] const Node* find(std::string_view path) const;
  [[nodiscard]] std::vector<const Node*> children(const Node& node) const;
};
// Of a structure and a strings block. HF-FORMAT-0004: NOP tokens, properties after subnodes, a name twice in its node
// or with '@' (CVE-2021-27138), deeper than 16; HF-FORMAT-0005: over 4096 nodes.
[[nodiscard]] Result<Tree> parse(ByteView structure, ByteView strings);

struct Blob {
  Bytes bytes{};  // totalsize of them
  std::size_t structure_at = 0, structure_size = 0, strings_at = 0, strings_size = 0;
  [[nodiscard]] ByteView structure() const { return ByteView(bytes).subspan(structure_at, structure_size); }
  [[nodiscard]] ByteView strings() const { return ByteView(bytes).subspan(strings_at, strings_size); }
  // After it, external data begin.
  [[nodiscard]] std::uint64_t data_base() const { return (bytes.size() + 3) / 4 * 4; }
};
// The beginning of the file. HF-FORMAT-0004; HF-FORMAT-0005 over 512 MiB.
[[nodiscard]] Result<Blob> read_blob(const SourceFile& file);
[[nodiscard]] Bytes to_bytes(ByteView structure, ByteView strings);  // a blob without reservations, of a multiple of 4

// What U-Boot's fdt_find_regions() (boot/fdt_region.c) finds: the listed nodes with their properties but those
// excluded, their parents and children without any, and the end. Strings are not among it.
[[nodiscard]] Bytes regions(ByteView structure, const Tree& tree, const std::vector<std::string>& nodes,
                            std::span<const std::string_view> excluded);

}  // namespace hf::keys::fdt
