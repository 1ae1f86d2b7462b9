// A station's bundle of any bytes: what is read follows line by line, and never more than the header speaks of.
#include <cstdlib>
#include <sstream>

#include "factory/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size));
  hf::factory::BundleReader reader(in);
  const auto header = reader.header();
  if (!header) return 0;
  hf::keys::JournalHead head;
  for (;;) {
    const auto line = reader.next();
    if (!line) return 0;
    if (!*line) break;
    const auto followed = hf::keys::follow((*line)->text, head);
    if (!followed || head.lines != (*line)->number || head.lines > header->head.lines) std::abort();
  }
  if (head != header->head) std::abort();
  return 0;
}
