// SPDX-License-Identifier: GPL-2.0
#include "config_text.h"

#include "catch.h"
#include "keeper/daemon/config_memory.h"

using namespace weir::keeper;

TEST_CASE("a copied configuration gets checks of its own, one for all servers that are asked alike",
          "[keeper]")
{
    auto loaded = test::load(R"(virtual_server 192.0.2.1 80 {
	protocol TCP
	real_server 10.0.0.1 80 {
		TCP_CHECK {
		}
	}
	real_server 10.0.0.2 80 {
		TCP_CHECK {
		}
		PING_CHECK {
		}
	}
})");
    CHECK(loaded.messages.empty());
    Config copy = loaded.config;
    own_checks(copy);
    const auto& before = loaded.config.virtual_servers.at(0).servers;
    const auto& own = copy.virtual_servers.at(0).servers;
    REQUIRE(own.at(1).checks.size() == 2);
    CHECK(own[0].checks.at(0) != before.at(0).checks.at(0));
    CHECK(*own[0].checks[0] == *before[0].checks[0]);
    CHECK(own[0].checks[0] == own[1].checks[0]);
    CHECK(*own[1].checks[1] == *before[1].checks[1]);
    CHECK(own[1].checks[0] != own[1].checks[1]);
}
