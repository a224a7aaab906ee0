// Rows of interventions: what they mean, how they are written, what is refused.
#include "core/circuits/intervention_list.h"

#include <QTemporaryDir>
#include <QTest>

#include <functional>
#include <limits>

using namespace tt;

namespace {
constexpr auto set = InterventionAction::Set, ablate = InterventionAction::Ablate,
               multiply = InterventionAction::Multiply, add = InterventionAction::Add;

bool refused(const std::function<void()> &call) {
    try {
        call();
    } catch (const Error &error) {
        return error.kind() == Error::Kind::Usage;
    }
    return false;
}
} // namespace

class TestInterventionList : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void the_later_of_two_rows_for_one_place_counts();
    void rows_that_cannot_be_done_say_why_and_do_nothing();
    void positions_are_one_several_last_all_or_generated();
    void rows_read_back_as_they_are_written();
    void lists_read_back_from_json();
    void what_is_no_list_is_refused_in_words();
};

void TestInterventionList::the_later_of_two_rows_for_one_place_counts() {
    const TranscoderConfig transcoder{.features = 14, .layers = 2};
    const std::vector<Intervention> rows{
        {.layer = 1, .feature = 3, .places = {InterventionPlaces::Kind::All, {}}, .action = set, .value = 1},
        {.layer = 1, .feature = 3, .places = {InterventionPlaces::Kind::Chosen, {2}}, .action = set, .value = 5},
        {.layer = 1, .feature = 4, .places = {InterventionPlaces::Kind::Chosen, {2}}, .action = ablate},
        {.layer = 1,
         .feature = 3,
         .places = {InterventionPlaces::Kind::Chosen, {2}},
         .action = ablate,
         .enabled = false}};
    const auto notes = checkInterventions(rows, transcoder, 4);
    QCOMPARE(notes[0].kind, RowNote::Kind::Overridden);
    QVERIFY(notes[0].text.find("Row 2 decides at position 2") != std::string::npos);
    for (size_t row = 1; row < rows.size(); ++row)
        QCOMPARE(notes[row].kind, RowNote::Kind::None);
    const std::vector<PlacedChange> expected{
        {1, 0, 3, set, 1}, {1, 1, 3, set, 1}, {1, 2, 3, set, 5}, {1, 2, 4, ablate, 0}, {1, 3, 3, set, 1}};
    QCOMPARE(placeInterventions(rows, transcoder, 4, 0, 3), expected);
}

void TestInterventionList::rows_that_cannot_be_done_say_why_and_do_nothing() {
    const TranscoderConfig transcoder{.features = 14, .layers = 2};
    const auto chosen = [](std::vector<int> positions) {
        return InterventionPlaces{InterventionPlaces::Kind::Chosen, std::move(positions)};
    };
    const std::vector<std::pair<Intervention, std::string>> rows{
        {{.layer = 2, .feature = 3}, "There is no layer 2"},
        {{.layer = 0, .feature = 14}, "There is no feature 14 in layer 0"},
        {{.layer = 0, .feature = 1, .places = chosen({0, 4})}, "There is no position 4"},
        {{.layer = 0, .feature = 1, .places = chosen({})}, "names no position"},
        {{.layer = 0, .feature = 1, .action = set, .value = 1e9}, "too large"},
        {{.layer = 0, .feature = 1, .action = set, .value = std::numeric_limits<double>::quiet_NaN()}, "too large"}};
    for (const auto &[row, text] : rows) {
        const auto notes = checkInterventions({row}, transcoder, 4);
        QCOMPARE(notes[0].kind, RowNote::Kind::Problem);
        QVERIFY2(notes[0].text.find(text) != std::string::npos, notes[0].text.c_str());
        QVERIFY(placeInterventions({row}, transcoder, 4, 0, 3).empty());
    }
}

void TestInterventionList::positions_are_one_several_last_all_or_generated() {
    const auto where = [](const std::string &text) {
        std::vector<int> positions;
        for (int position = 0; position < 7; ++position) // a prompt of 4 tokens, 3 generated
            if (parsePlaces(text).contains(position, 4))
                positions.push_back(position);
        return positions;
    };
    QCOMPARE(where("2"), (std::vector<int>{2}));
    QCOMPARE(where("3,0-1,1"), (std::vector<int>{0, 1, 3}));
    QCOMPARE(where("last"), (std::vector<int>{3}));
    QCOMPARE(where("all"), (std::vector<int>{0, 1, 2, 3, 4, 5, 6}));
    QCOMPARE(where("generated"), (std::vector<int>{4, 5, 6}));
    for (const char *wrong : {"", "first", "-1", "2-1", "1,", "1;2", "0-99999999"})
        QVERIFY2(refused([&] { (void)parsePlaces(wrong); }), wrong);
}

void TestInterventionList::rows_read_back_as_they_are_written() {
    const Intervention row = parseIntervention(set, "1/0,2-3/640=-2.5e-1");
    QCOMPARE(row, (Intervention{.layer = 1,
                                .feature = 640,
                                .places = {InterventionPlaces::Kind::Chosen, {0, 2, 3}},
                                .action = set,
                                .value = -0.25}));
    QCOMPARE(toOption(row), "--set 1/0,2,3/640=-0.25");
    QCOMPARE(toOption(parseIntervention(ablate, "0/all/7")), "--ablate 0/all/7");
    QCOMPARE(toOption(parseIntervention(multiply, "0/last/7=0.2")), "--scale 0/last/7=0.2");
    QCOMPARE(toOption(parseIntervention(add, "0/generated/7=1")), "--add 0/generated/7=1");
    for (const char *wrong : {"1/2/3", "1/2=4", "a/2/3=4", "1/2/3=", "1/2/3=x", "1/2/3=nan", "1/2/3=1e999", "1/2/3=4 "})
        QVERIFY2(refused([&] { (void)parseIntervention(set, wrong); }), wrong);
    QVERIFY(refused([] { (void)parseIntervention(ablate, "1/2/3=4"); }));
}

void TestInterventionList::lists_read_back_from_json() {
    const InterventionList list{
        .transcoder = "plt",
        .prompt = "Once \"upon\" a",
        .mode = InterventionMode::FrozenAttention,
        .rows = {parseIntervention(set, "1/0,2/640=0.1"), parseIntervention(ablate, "0/all/7")}};
    QCOMPARE(interventionListFromJson(toJson(list), "list"), list);
    QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("list.json").toStdString();
    writeInterventions(list, file);
    QCOMPARE(readInterventions(file), list);
    QCOMPARE(toCsv(list),
             "layer,feature,position,action,value,enabled\n1,640,\"0,2\",set,0.1,1\n0,7,\"all\",ablate,,1\n");
    QVERIFY(refused([&] { writeInterventions(list, "list.txt"); }));
}

void TestInterventionList::what_is_no_list_is_refused_in_words() {
    for (const char *wrong : {"", "[]", "{}", R"({"interventions": 3})", R"({"interventions": [3]})",
                              R"({"interventions": [{"layer": 1}]})",
                              R"({"interventions": [{"layer": 1, "feature": 2, "position": "x", "action": "ablate"}]})",
                              R"({"interventions": [{"layer": 1, "feature": 2, "position": "1", "action": "set"}]})",
                              R"({"mode": "loose", "interventions": []})"})
        QVERIFY_EXCEPTION_THROWN((void)interventionListFromJson(wrong, "list.json"), Error);
}

QTEST_APPLESS_MAIN(TestInterventionList)
#include "test_intervention_list.moc"
