// Is the maker that a record names the maker of this component? Product equality alone is not identity: Yocto writes
// CPEs without a vendor, and unrelated products share names. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vuln/feeds/advisory.h"

namespace hf::vuln {

enum class Identity : std::uint8_t {
  none,            // another product
  candidate,       // the same product name, and nothing says that it is the same product: never "affected" by itself
  unique_product,  // the component names no vendor, and all CPE names known for this product have one vendor
  alias,           // our table says so: linux_kernel is made by linux, and "GNU Project" is gnu
  exact,           // vendor and product, package key, or repository are equal
};
[[nodiscard]] std::string_view name_of(Identity identity);

// Vendors by product, both folded, as the records' CPE names pair them.
class ProductDictionary {
 public:
  void add(const ProductVendor& pair);
  [[nodiscard]] const std::vector<ProductVendor>& of(std::string_view product) const;
  [[nodiscard]] bool has_part(std::string_view product, char part) const;

 private:
  std::map<std::string, std::vector<ProductVendor>, std::less<>> by_product_;
};

// `claimed` and `named` are vendors as written; empty or "*" is "not said". The products are equal already.
[[nodiscard]] Identity judge_vendor(std::string_view product, std::string_view claimed, std::string_view named,
                                    const ProductDictionary& dictionary);

}  // namespace hf::vuln
