// A clock that goes back: what was known stays known, and what is asked "now" knows all of it.
#include <gtest/gtest.h>

#include "trace/http.h"
#include "trace/trace_test.h"

namespace hf::trace::test {
namespace {

class ClockBack : public TraceTest {
 protected:
  ClockBack() : routes_(routes(api_)) {
    catalogue();
    sboms();
    record_of_a("2.0.0", {});
  }
  std::string exported(const std::string& path) {
    const auto route =
        std::find_if(routes_.begin(), routes_.end(), [&](const net::Route& r) { return r.path == path; });
    net::Request request;
    request.path_parameters.emplace_back("id", "CVE-2026-1");
    auto response = route->handler(request);
    EXPECT_TRUE(response) << response.error().message;
    auto& producer = std::get<std::shared_ptr<net::Producer>>(response->content);
    std::string text;
    while (producer->next(text).value()) {}
    return text;
  }

  Api api_{*database_, clock_};
  std::vector<net::Route> routes_;
};
HF_BOTH_ENGINES(ClockBack);

TEST_P(ClockBack, MovesAndExportsGoOn) {
  const auto run = [&](const std::string& build) {
    const auto outcomes = fleet::report_running(*database_, clock_, {"device", "device"}, {{"px", "S0", {build}}});
    ASSERT_TRUE(outcomes) << outcomes.error().detail;
    EXPECT_EQ(outcomes->front().what, fleet::ReportOutcome::moved);
  };
  const auto exposed = [&](Time at) { return vulnerability("CVE-2026-1", at).at("totals").at("exposed").get_int64(); };
  std::istringstream in("batch,serial,market,builds\npx/b1,S0,DE,px/fw/1.2\n");
  fleet::ImportReader reader(in);
  fleet::Importer importer(*database_, clock_, {"factory:brno", "factory"});
  while (auto record = reader.next()) ASSERT_TRUE(importer.add(std::move(*record)));
  ASSERT_EQ(importer.finish()->imported, 1U);
  const auto fixed = clock_.now() + std::chrono::microseconds(10);
  EXPECT_EQ(exposed(kNow), 0);

  clock_.advance(std::chrono::seconds(1));
  run("px/fw/1.0");
  const auto exposed_at = clock_.now();
  clock_.set(clock_.now() - std::chrono::hours(1));
  EXPECT_EQ(exposed(kNow), 1);
  EXPECT_NE(exported("/v1/vulnerabilities/{id}/devices.csv").find("px,S0,DE"), std::string::npos)
      << "an export is what the page shows";
  EXPECT_NE(exported("/v1/vulnerabilities/{id}/devices.json").find("\"S0\""), std::string::npos);

  run("px/fw/1.2");
  EXPECT_EQ(exposed(kNow), 0);
  EXPECT_EQ(exported("/v1/vulnerabilities/{id}/devices.csv").find("S0"), std::string::npos);
  EXPECT_EQ(exposed(exposed_at), 1) << "the move is recorded after what was before it";
  EXPECT_EQ(exposed(fixed), 0);
}

}  // namespace
}  // namespace hf::trace::test
