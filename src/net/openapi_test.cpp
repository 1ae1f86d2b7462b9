#include "net/openapi.h"

#include <gtest/gtest.h>

#include "net/page.h"
#include "net/server_fixture.h"
#include "net/test_schema.h"

namespace hf::net {
namespace {

const Schemas kSchemas{
    {"Thing",
     R"({"type":"object","required":["id"],"properties":{"id":{"type":"integer"},"when":{"type":"string","format":"date-time"}},"additionalProperties":false})"},
    {"Things", page_schema("Thing")}};

std::vector<Route> routes() {
  const Handler things = [](const Request& request) -> Result<Response> {
    HF_TRY(const auto page, page_of(request, 1, {.limit = 2, .limit_max = 3}));
    HF_TRY(auto id, page.after_number());
    JsonArray items;
    while (std::int64_t(items.size()) < page.limit && id < 5) items.push_back(JsonObject{{"id", ++id}});
    return page_response(std::move(items), id < 5 ? std::optional(std::vector{std::to_string(id)}) : std::nullopt);
  };
  return {{.path = "/v1/things",
           .permission = kPublic,
           .summary = "List",
           .response_schema = "Things",
           .query = {{.name = "colour", .summary = "Only these"}},
           .paged = true,
           .handler = things},
          {.method = Method::post,
           .path = "/v1/things/{id}",
           .permission = "thing.write",
           .body_max = 100,
           .content_types = {"application/json"},
           .request_schema = "Thing",
           .response_schema = "Thing",
           .success = 201,
           .idempotency_key = true,
           .handler = things},
          {.path = "/v1/files/{path...}", .permission = kSignedIn, .handler = things}};
}

TEST(OpenApi, DescribesTheTable) {
  const auto document = openapi_document(routes(), kSchemas, {.version = "1"});
  ASSERT_TRUE(document) << document.error().message;
  const auto& paths = document->at("paths").as_object();
  const auto& list = paths.at("/v1/things").at("get").as_object();
  EXPECT_EQ(list.at("operationId"), "get_v1_things");
  EXPECT_EQ(list.at("security"), Json(JsonArray{}));
  EXPECT_EQ(list.at("parameters").as_array().size(), 3U);
  const auto& post = paths.at("/v1/things/{id}").at("post").as_object();
  EXPECT_EQ(post.at("x-permission"), "thing.write");
  EXPECT_EQ(post.at("requestBody").at("content").at("application/json").at("schema").at("$ref"),
            "#/components/schemas/Thing");
  EXPECT_TRUE(post.at("responses").as_object().contains("201"));
  EXPECT_EQ(post.at("parameters").as_array().size(), 3U);  // id, Idempotency-Key, X-CSRF-Token
  EXPECT_TRUE(paths.contains("/v1/files/{path}"));
  EXPECT_TRUE(document->at("components").at("schemas").as_object().contains("Problem"));
}

TEST(OpenApi, RefusesWhatIsNotThere) {
  EXPECT_EQ(openapi_document(routes(), {}, {}).error().code, "HF-HTTP-0050");
  EXPECT_EQ(openapi_document({}, {{"Bad", "[1"}}, {}).error().code, "HF-HTTP-0050");
  EXPECT_EQ(openapi_document({}, {{"Bad", R"({"$ref":"#/components/schemas/Gone"})"}}, {}).error().code,
            "HF-HTTP-0050");
}

TEST(OpenApi, TheCheckerSeesEveryMismatchAndEveryUnknownWord) {
  const auto document = openapi_document(routes(), kSchemas, {}).value();
  const test::SchemaCheck check(document);
  EXPECT_EQ(
      check.problems("Things", parse_json(R"({"items":[{"id":1,"when":"2026-11-23T09:30:00Z"}],"next":null})").value()),
      "");
  EXPECT_NE(check.problems("Things", parse_json(R"({"items":[{"id":"1"}],"next":null})").value()), "");
  EXPECT_NE(check.problems("Things", parse_json(R"({"items":[{"id":1,"x":1}],"next":null})").value()), "");
  EXPECT_NE(check.problems("Things", parse_json(R"({"items":[{"id":1,"when":"today"}],"next":null})").value()), "");
  EXPECT_NE(check.problems("Things", parse_json(R"({"items":[]})").value()), "");
  const auto odd = openapi_document({}, {{"Odd", R"({"dependentSchemas":{}})"}}, {}).value();
  EXPECT_NE(test::SchemaCheck(odd).problems("Odd", Json(1)), "");
}

struct Served : test::ServerTest {
  Served() {
    auto table = routes();
    EXPECT_TRUE(add_openapi_route(table, kSchemas, {.version = "1"}));
    start(Limits{}, std::move(table));
  }
};

TEST_F(Served, TheDocumentIsServedAndAnswersMatchIt) {
  test::Client client(port_);
  const auto document = parse_json(client.get("/openapi.json").body);
  ASSERT_TRUE(document);
  const test::SchemaCheck check(*document);
  std::string cursor;
  std::vector<std::int64_t> seen;
  for (int page = 0; page < 3; ++page) {
    const auto answer = client.get("/v1/things" + (cursor.empty() ? "" : "?cursor=" + cursor));
    EXPECT_EQ(check.answer_problems("get_v1_things", answer.status, answer.body), "") << answer.body;
    const auto json = parse_json(answer.body).value();
    for (const auto& item : json.at("items").as_array()) seen.push_back(item.at("id").as_int64());
    cursor = json.at("next").is_string() ? std::string(json.at("next").as_string()) : "";
  }
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(cursor, "");
  for (const auto* bad : {"?limit=0", "?limit=4", "?limit=x", "?cursor=%21", "?cursor=W10", "?cursor=WyJhIl0",
                          "?cursor=WzFd", "?limit=9223372036854775808"}) {
    const auto answer = client.get("/v1/things" + std::string(bad));
    EXPECT_EQ(answer.status, 400) << bad;
    EXPECT_EQ(check.answer_problems("get_v1_things", answer.status, answer.body), "");
  }
  EXPECT_EQ(client.get("/v1/files/a/b").status, 401);  // a permission without an authenticator
}

}  // namespace
}  // namespace hf::net
