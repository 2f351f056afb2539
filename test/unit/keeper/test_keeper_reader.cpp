// SPDX-License-Identifier: GPL-2.0
#include "catch.h"
#include "config_text.h"

using namespace weir::keeper;
using namespace weir::keeper::test;
using Messages = std::vector<std::string>;

TEST_CASE("reader: comments end at a quote and an escape", "[keeper]")
{
    CHECK(parse("a b # c\n! d\ne \"f # g\" h ! i\nj \\#k").tree == "a|b;e|f # g|h;j|#k;");
    CHECK(parse("a 'b # c'").tree == "a|'b;"); // single quotes protect nothing
    CHECK(parse("a \"b").messages ==
          Messages{"/etc/k/main:1:3: error: the double quote is not closed in its line"});
}

TEST_CASE("reader: braces stand anywhere and statements one a line", "[keeper]")
{
    const std::string want = "a|x{b|c;};";
    CHECK(parse("a x {\n b c\n}").tree == want);
    CHECK(parse("a x\n{\n b c }").tree == want);
    CHECK(parse("a x{b c}").tree == want);
    CHECK(parse("a \"{x}\" {\n}").tree == "a|{x}{};");
    CHECK(parse("a { b { c } d }\ne").tree == "a{b{c;};d;};e;");
    CHECK(parse("a \"b\"c").tree == "a|b|c;");
}

TEST_CASE("reader: braces without a partner are found where they stand", "[keeper]")
{
    CHECK(parse("a\n}").messages ==
          Messages{"/etc/k/main:2:1: error: this brace closes a block that was never opened"});
    CHECK(parse("a {\n b {\n}\n").messages ==
          Messages{"/etc/k/main:1:1: error: the block of 'a' is not closed"});
    CHECK(parse("a {\n}\n  {\n}").messages ==
          Messages{"/etc/k/main:3:3: error: this brace opens a block that nothing names"});
}

TEST_CASE("reader: definitions are replaced late and only at their ends", "[keeper]")
{
    CHECK(parse("$A=1\nx $A ${A}2 $A,$AB $B").tree == "x|1|12|1,$AB|$B;");
    CHECK(parse("$A=$B c\n$B=2\nx $A").tree == "x|2|c;");
    CHECK(parse("$A=1\n$A=2\nx $A").tree == "x|2;");
    CHECK(parse("$A=\nx $A y").tree == "x|y;");
    CHECK(parse("$A = 1\nx $A").tree == "$A|=|1;x|$A;"); // no blank before the equals sign
    CHECK(parse("$A=b # c\nx $A").tree == "x|b;");
}

TEST_CASE("reader: a definition of itself ends with an error", "[keeper]")
{
    auto parsed = parse("$A=$A x\ny $A");
    CHECK(parsed.tree.empty());
    REQUIRE(parsed.messages.size() == 1);
    CHECK(parsed.messages[0].starts_with(
        "/etc/k/main:2:1: error: the definitions used here expand without end"));
}

TEST_CASE("reader: multi-line definitions give lines, at the end of a line only", "[keeper]")
{
    const std::string text = "$B= b { \\\n  c 1   \\\n  }\n";
    CHECK(parse(text + "a {\n $B\n}").tree == "a{b{c|1;};};");
    CHECK(parse(text + "a ${B}\nd").tree == "a|b{c|1;};d;");
    CHECK(parse(text + "a $B x").tree == "a|$B|x;");
    CHECK(parse("$B=\\\n c $V \\\n d\n$V=7\n$B").tree == "c|7;d;");
}

TEST_CASE("reader: standard definitions come from the host", "[keeper]")
{
    CHECK(parse("a $_INSTANCE ${_ENV SITE} $_ENV SITE\nb ${_RANDOM 2 8} $_HASH").tree ==
          "a|blue|north|north;b|5;");
    CHECK(parse("a $_PWD").tree == "a|/etc/k;");
    CHECK(parse("a x$_BANG").tree == "a|x;");
    CHECK(parse("$_INSTANCE=red\na $_INSTANCE").tree == "a|red;");
}

TEST_CASE("reader: conditions keep lines of one id", "[keeper]")
{
    const std::string text =
        "@main a\n@other b\n@^other c\n@^main d\n@main\n@main @^other e\nf { @other g }\n h\n}";
    CHECK(parse(text).tree == "a;c;e;f{h;};");
    CHECK(parse(text, "other").tree == "b;d;f{g;};h;");
}

TEST_CASE("reader: sequences unroll and nest from the left", "[keeper]")
{
    CHECK(parse("~SEQ(i, 3) a $i").tree == "a|1;a|2;a|3;");
    CHECK(parse("~SEQ(i, 2, 4) a $i").tree == "a|2;a|3;a|4;");
    CHECK(parse("~SEQ(i, 1, 2, 5) a ${i}b").tree == "a|1b;a|3b;a|5b;");
    CHECK(parse("~SEQ(i, 3, 1) a $i").tree == "a|3;a|2;a|1;");
    CHECK(parse("~SEQ(i, -2) a $i").tree == "a|-1;a|-2;");
    CHECK(parse("~SEQx(i, 9, 0xb) a ${i}").tree == "a|9;a|a;a|b;");
    CHECK(parse("$N=2\n~SEQ(i, $N) ~SEQ(j, $i) a $i $j").tree == "a|1|1;a|2|1;a|2|2;");
    CHECK(parse("~LST(v, x, y) a $v").tree == "a|x;a|y;");
    CHECK(parse("~LST({v, w}, {1, 2}, {3}) a $v x${w}").tree == "a|1|x2;a|3|x;");
    CHECK(parse("~SEQ(i, 2) v $i {\n}").tree == "v|1{v|2{};};"); // a sequence repeats one line, not a block
    CHECK(parse("$B= v $i { \\\n x \\\n }\n~SEQ(i, 2) $B").tree == "v|1{x;};v|2{x;};");
}

TEST_CASE("reader: wrong sequences are refused", "[keeper]")
{
    for (const char* bad :
         {"~SEQ(i) a", "~SEQ i, 2 a", "~SEQ(i, 1, 0, 5) a", "~SEQ(i, 1, -1, 5) a", "~SEQ(i, x) a",
          "~SEQx(i, -3) a", "~LST(v) a", "~LST({a, b, {1) x", "~LST(v, {1, 2}) a"}) {
        INFO(bad);
        CHECK(parse(bad).messages.size() == 1);
        CHECK(parse(bad).tree.empty());
    }
    CHECK(parse("~SEQ(i, 1000) ~SEQ(j, 1000) a").messages.back().find("more than 10000 lines") !=
          std::string::npos);
}

TEST_CASE("reader: includes are relative to the file that names them", "[keeper]")
{
    FileMap map{{"/etc/k/main", "a\ninclude d/*.conf\nb { include e }\nc"},
                {"/etc/k/d/1.conf", "one\ninclude sub/x\n"},
                {"/etc/k/d/2.conf", "two"},
                {"/etc/k/d/sub/x", "deep $_PWD"},
                {"/etc/k/e", "in"}};
    auto parsed = parse(map);
    CHECK(parsed.tree == "a;one;deep|/etc/k/d/sub;two;b{c;};");
    // what follows "include" to the end of the line is the name: the brace is part of it
    CHECK(parsed.messages.size() == 2);
}

TEST_CASE("reader: a missing include is an error only where it must match", "[keeper]")
{
    CHECK(parse("include nothing").messages ==
          Messages{"/etc/k/main:1:9: note: no file matches '/etc/k/nothing'"});
    CHECK(parse("includem *.none").messages[0].find(": note:") != std::string::npos);
    CHECK(parse("includew *.none").messages[0].find(": error:") != std::string::npos);
    CHECK(parse("includea nothing").messages[0].find(": error:") != std::string::npos);
    CHECK(parse("include /etc/k/main").messages.back().find("nested too deep") != std::string::npos);
}

TEST_CASE("reader: lines beyond keepalived's buffer and zero bytes are errors", "[keeper]")
{
    CHECK(parse(std::string(1023, 'a')).messages.empty());
    CHECK(parse(std::string(1024, 'a')).messages ==
          Messages{"/etc/k/main:1: error: the line has more than 1023 bytes"});
    CHECK(parse(std::string("a\0b", 3)).messages ==
          Messages{"/etc/k/main:1: error: the line holds a zero byte"});
    CHECK(parse("a\r\nb\r\n").tree == "a;b;");
}

TEST_CASE("tree: commands are split as a shell would", "[keeper]")
{
    using Words = std::vector<std::string>;
    CHECK(*split_command(" /bin/x 'a b' \"c d\"e\\ f") == Words{"/bin/x", "a b", "c de f"});
    CHECK(*split_command("\\x41\\102\\t\\cA") == Words{"AB\t\001"});
    CHECK_FALSE(split_command("'a"));
    CHECK_FALSE(split_command("a\\"));
    CHECK(split_command("  ")->empty());
}
