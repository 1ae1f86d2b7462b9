#include "net/loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hf::net {
namespace {

struct Counter final : Ready {
  void on_ready() override { ++count; }
  int count = 0;
};

// A child between fork and exec holds every descriptor of its parent.
TEST(Loop, AClosedWatchHearsNothingAlthoughItsDescriptorIsHeldElsewhere) {
  Loop loop({});
  int pair[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  const int held = ::dup(pair[0]);
  Counter counter;
  Loop::Watch watch(loop, pair[0], counter);
  ASSERT_TRUE(watch.ok());
  loop.post([&] { watch.close(); });  // forgotten when this batch is over
  loop.post([&] {
    loop.post([&] {
      EXPECT_EQ(::write(pair[1], "x", 1), 1);
      loop.post([&] { loop.post([&] { loop.stop(); }); });
    });
  });
  loop.run();
  EXPECT_EQ(counter.count, 0);
  ::close(held);
  ::close(pair[1]);
}

}  // namespace
}  // namespace hf::net
