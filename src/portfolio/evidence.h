// Where a change of findings, statements, contents or lists is told: the open entry, and the events of its segment.
#pragma once

#include "ledger/segment.h"

namespace hf::portfolio {

struct Evidence {
  ledger::EntryId entry;
  ledger::SegmentBuilder& events;
  std::int64_t segment_id = 0;
};

}  // namespace hf::portfolio
