#include "fail_on_warning.h"
#include "sample_features.h"
#include "sample_graph.h"
#include "ui/features/across_stories.h"
#include "ui/features/active_features_view.h"
#include "ui/features/all_features.h"
#include "ui/features/card_head.h"
#include "ui/features/examples_list.h"
#include "ui/features/features_place.h"
#include "ui/features/histogram_view.h"
#include "ui/features/weights_list.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/theme.h"

#include <QAbstractItemModelTester>
#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QToolButton>
#include <QtTest>

using namespace tt;

/// The card, the table of all features, the stories: what the session hands over is shown, what a person does is asked.
class TestFeatureInspector : public QObject {
    Q_OBJECT

    FailOnWarning guard_;

    template <class T>
    static T *named(const QWidget &place, const QString &name) {
        for (T *child : place.findChildren<T *>())
            if (child->accessibleName() == name)
                return child;
        qFatal("nothing is called %s", qPrintable(name));
    }
    static void show(FeaturesPlace &place) {
        place.resize(1184, 640);
        place.setHasTranscoder(true);
        place.setNotes(sample::notes());
        place.setDictionary(sample::dictionary());
        place.setPromptFeatures(sample::promptFeatures());
        place.show();
    }
    static std::unique_ptr<QAbstractItemModelTester> tester(QAbstractItemModel *model) {
        return std::make_unique<QAbstractItemModelTester>(model,
                                                          QAbstractItemModelTester::FailureReportingMode::QtTest);
    }

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void a_chosen_feature_asks_for_its_card_and_shows_what_comes() {
        FeaturesPlace place;
        show(place);
        QSignalSpy asked(&place, &FeaturesPlace::cardRequested);
        place.chooseFeature(1, 100);
        QCOMPARE(asked.size(), 1);
        QCOMPARE(asked[0], (QVariantList{1, 100}));
        auto *raised = named<WeightsList>(place, "Promotes");
        auto *upstream = named<WeightsList>(place, "Upstream");
        const auto testers = {tester(raised->weights()), tester(upstream->weights())};
        place.setFacts(sample::facts(1, 100));
        place.setExamples(sample::examples(1, 100));
        QCOMPARE(raised->weights()->rowCount(), 5);
        QCOMPARE(raised->weights()->index(0, WeightsModel::NameColumn).data().toString(), QStringLiteral("␣time"));
        QCOMPARE(upstream->weights()->index(0, WeightsModel::LabelColumn).data().toString(),
                 QStringLiteral("before a noun"));
        QCOMPARE(upstream->weights()->index(2, WeightsModel::LabelColumn).data().toString(),
                 QStringLiteral("→ ␣big")); // 0/14 has no label: what it promotes
        QCOMPARE(upstream->weights()->index(1, WeightsModel::PathColumn).data().toString(), QStringLiteral("L1H3"));
        QVERIFY(named<HistogramView>(place, "Activations")->accessibleDescription().contains("9.84"));
    }

    void as_many_rows_are_replaced_in_place_with_nothing_chosen() {
        WeightsList list(WeightsList::Kind::Features, "Nearest");
        const auto checked = tester(list.weights());
        const auto rows = [](const QString &label) {
            std::vector<WeightsModel::Row> made;
            for (int i = 0; i < 10; ++i)
                made.push_back({.name = QString::number(i), .feature = {}, .label = label, .path = {}, .weight = 1.0});
            return made;
        };
        list.setRows(rows("a"));
        list.setCurrentIndex(list.model()->index(3, 0));
        QSignalSpy reset(list.weights(), &QAbstractItemModel::modelReset);
        QSignalSpy changed(list.weights(), &QAbstractItemModel::dataChanged);
        list.setRows(rows("b"));
        QCOMPARE(reset.size(), 0);
        QCOMPARE(changed.size(), 1);
        QCOMPARE(list.model()->index(9, WeightsModel::LabelColumn).data().toString(), QStringLiteral("b"));
        QVERIFY(!list.currentIndex().isValid());
        list.setRows(rows("b")); // nothing new
        QCOMPARE(changed.size(), 1);
        list.setRows({});
        QCOMPARE(reset.size(), 1);
        QCOMPARE(list.model()->rowCount(), 0);
    }

    void a_card_that_comes_late_for_another_feature_is_dropped() {
        FeaturesPlace place;
        show(place);
        place.chooseFeature(1, 100);
        place.setFacts(sample::facts(0, 3));
        QCOMPARE(named<WeightsList>(place, "Promotes")->weights()->rowCount(), 0);
    }

    void a_feature_on_a_path_is_followed_and_back_returns() {
        FeaturesPlace place;
        show(place);
        place.chooseFeature(1, 100);
        place.setFacts(sample::facts(1, 100));
        QSignalSpy chosen(&place, &FeaturesPlace::featureChosen);
        auto *upstream = named<WeightsList>(place, "Upstream");
        Q_EMIT upstream->clicked(upstream->model()->index(2, 0));
        QCOMPARE(chosen.size(), 1);
        QCOMPARE(chosen[0], (QVariantList{0, 14}));
        QCOMPARE(named<QSpinBox>(place, "Feature")->value(), 14);
        named<QToolButton>(place, "Back")->click();
        QCOMPARE(named<QSpinBox>(place, "Feature")->value(), 100);
    }

    void examples_are_listed_strongest_first_with_a_heading_for_each_tenth() {
        ExamplesView view;
        ExamplesModel *model = view.examples();
        const auto checked = tester(model);
        model->setExamples(sample::examples(1, 100), 9.84F);
        QCOMPARE(model->rowCount(), 12 + 10 * 6);
        QVERIFY(model->index(0).data(Qt::AccessibleTextRole).toString().startsWith("9.84: "));
        QVERIFY(model->index(0).data(Qt::AccessibleTextRole).toString().contains("upon[ a] time"));
        QVERIFY(model->index(12).data(ExamplesModel::IsHeadingRole).toBool());
        QVERIFY(!(model->index(12).flags() & Qt::ItemIsSelectable));
        model->setPart(ExamplesModel::Part::Top);
        QCOMPARE(model->rowCount(), 12);
        model->setPart(ExamplesModel::Part::Quantiles);
        QCOMPARE(model->rowCount(), 60);
        QVERIFY(model->index(model->rowCount() - 6).data().toString().contains("weakest"));
    }

    void an_example_opens_its_story() {
        FeaturesPlace place;
        show(place);
        place.chooseFeature(1, 100);
        place.setFacts(sample::facts(1, 100));
        place.setExamples(sample::examples(1, 100));
        auto *view = named<ExamplesView>(place, "Examples");
        QSignalSpy asked(&place, &FeaturesPlace::storiesRequested);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(view->model()->index(1, 0)).center());
        QCOMPARE(asked.size(), 1);
        QCOMPARE(asked[0][2].toLongLong(), view->model()->index(1, 0).data(ExamplesModel::OffsetRole).toLongLong());
        auto *stories = named<QListView>(place, "Whole stories");
        const auto checked = tester(stories->model());
        place.setStories(1, 100, sample::stories(6), asked[0][2].toLongLong());
        QVERIFY(stories->isVisible());
        QCOMPARE(stories->model()->rowCount(), 6);
        auto *next = named<QToolButton>(place, "Next peak");
        QVERIFY(next->isEnabled());
        const auto before = static_cast<StoriesModel *>(stories->model())->marked();
        next->click();
        QVERIFY(static_cast<StoriesModel *>(stories->model())->marked() > before);
        named<QToolButton>(place, "Previous peak")->click();
        QCOMPARE(static_cast<StoriesModel *>(stories->model())->marked(), before);
        QCOMPARE(named<QSpinBox>(place, "Feature in stories")->value(), 100);
        named<QSpinBox>(place, "Feature in stories")->setValue(101); // another one, chosen among the stories
        QCOMPARE(asked.size(), 2);
        QCOMPARE(asked[1], (QVariantList{1, 101, qint64{-1}}));
        QCOMPARE(named<QSpinBox>(place, "Feature")->value(), 101);
        place.setStories(1, 101, {}, -1);
        QVERIFY(!stories->isVisible());
    }

    void a_label_is_saved_as_typed() {
        FeaturesPlace place;
        show(place);
        place.chooseFeature(1, 100);
        auto *label = named<QLineEdit>(place, "Label");
        QCOMPARE(label->text(), QStringLiteral("once upon a → time"));
        qRegisterMetaType<FeatureNote>();
        QSignalSpy edited(&place, &FeaturesPlace::noteEdited);
        label->setFocus();
        label->selectAll();
        QTest::keyClicks(label, "fox");
        QTRY_COMPARE(edited.size(), 1);
        QCOMPARE(edited[0][2].value<FeatureNote>().label, std::string("fox"));
        QVERIFY(edited[0][2].value<FeatureNote>().starred);
        QTest::keyClicks(label, "es");
        place.chooseFeature(0, 12); // not lost although the timer had not run out
        QCOMPARE(edited.size(), 2);
        QCOMPARE(edited[1][1].toInt(), 100);
        QCOMPARE(edited[1][2].value<FeatureNote>().label, std::string("foxes"));
        QCOMPARE(label->text(), QStringLiteral("before a noun"));
        named<QToolButton>(place, "Star")->click();
        QCOMPARE(edited.size(), 3);
        QVERIFY(edited[2][2].value<FeatureNote>().starred);
        place.chooseFeature(1, 100);
        QCOMPARE(label->text(), QStringLiteral("foxes"));
    }

    void the_table_of_all_features_sorts_and_filters() {
        FeaturesPlace place;
        show(place);
        place.showTab(FeaturesPlace::Tab::All);
        auto *table = named<QTableView>(place, "Table of all features");
        const auto source = tester(place.findChild<FeatureTableModel *>());
        const auto proxy = tester(table->model());
        QCOMPARE(table->model()->rowCount(), 8192);
        table->sortByColumn(FeatureTableModel::DensityColumn, Qt::DescendingOrder);
        for (int row = 1; row < 500; ++row)
            QVERIFY(table->model()->index(row - 1, FeatureTableModel::DensityColumn).data().toDouble() >=
                    table->model()->index(row, FeatureTableModel::DensityColumn).data().toDouble());
        auto *filter = named<QComboBox>(place, "Show features");
        const auto rowsOf = [&](FeatureTableProxy::Filter wanted) {
            filter->setCurrentIndex(static_cast<int>(wanted));
            Q_EMIT filter->activated(static_cast<int>(wanted));
            return table->model()->rowCount();
        };
        int dead = 0, dense = 0;
        const auto dictionary = sample::dictionary();
        for (const float density : dictionary->density) {
            dead += density == 0 ? 1 : 0;
            dense += density > 0.1F ? 1 : 0;
        }
        QCOMPARE(rowsOf(FeatureTableProxy::Filter::Dead), dead);
        QCOMPARE(rowsOf(FeatureTableProxy::Filter::Dense), dense);
        QCOMPARE(rowsOf(FeatureTableProxy::Filter::Starred), 2);
        QCOMPARE(rowsOf(FeatureTableProxy::Filter::Labelled), 2);
        QSignalSpy chosen(&place, &FeaturesPlace::featureChosen);
        table->setCurrentIndex(table->model()->index(0, 0));
        QCOMPARE(chosen.size(), 1);
    }

    void ce_effects_are_measured_on_demand_and_sorted_by() {
        FeaturesPlace place;
        show(place);
        place.showTab(FeaturesPlace::Tab::All);
        auto *table = named<QTableView>(place, "Table of all features");
        QVERIFY(table->isColumnHidden(FeatureTableModel::CeColumn));
        QSignalSpy wanted(&place, &FeaturesPlace::measureRequested), stopped(&place, &FeaturesPlace::workStopRequested);
        auto *measure = named<QPushButton>(place, "Measure CE effects");
        measure->click();
        QCOMPARE(wanted.size(), 1);
        place.setWorking(true, 0.4, "Measuring CE effects, 20 s left");
        QCOMPARE(measure->accessibleName(), QStringLiteral("Stop"));
        QVERIFY(named<QProgressBar>(place, "Features progress")->isVisible());
        measure->click();
        QCOMPARE(stopped.size(), 1);
        place.setWorking(false, 0, {});
        auto measured = std::make_shared<DictionarySummary>(*sample::dictionary());
        measured->ceEffect.resize(measured->maximum.size());
        measured->ceEffect[3] = 0.0123F;
        measured->ceEffect[4096 + 5] = -0.0004F;
        measured->ceWindows = 8;
        place.setDictionary(measured);
        QVERIFY(!table->isColumnHidden(FeatureTableModel::CeColumn));
        QCOMPARE(measure->accessibleName(), QStringLiteral("Measure more windows"));
        table->sortByColumn(FeatureTableModel::CeColumn, Qt::DescendingOrder);
        const auto cell = [&](int row, int column) { return table->model()->index(row, column).data().toString(); };
        QCOMPARE(cell(0, FeatureTableModel::CeColumn), QStringLiteral("12.300"));
        QCOMPARE(cell(0, FeatureTableModel::IndexColumn), QStringLiteral("3"));
        QCOMPARE(cell(1, FeatureTableModel::CeColumn), QStringLiteral("−0.400"));
        QCOMPARE(cell(1, FeatureTableModel::LayerColumn), QStringLiteral("1"));
        QCOMPARE(cell(2, FeatureTableModel::CeColumn), QString()); // what was not measured is last
        measured = std::make_shared<DictionarySummary>(*measured);
        measured->ceExact = true;
        place.setDictionary(measured);
        QVERIFY(!measure->isEnabled());
    }

    void a_search_shows_what_it_found_the_best_first() {
        FeaturesPlace place;
        show(place);
        auto *search = named<QLineEdit>(place, "Search features");
        QSignalSpy asked(&place, &FeaturesPlace::searchRequested);
        place.showTab(FeaturesPlace::Tab::All);
        QTest::keyClicks(search, "don't");
        QTRY_COMPARE(asked.size(), 1); // one question for all that was typed
        QCOMPARE(asked[0][0].toString(), QStringLiteral("don't"));
        const std::vector<SearchMatch> found{{1, 7, MatchKind::FiresOn, 0.8F, " don't"},
                                             {0, 5, MatchKind::FiresOn, 0.6F, " don't"},
                                             {1, 7, MatchKind::Promotes, 0.3F, "t"}};
        place.setMatches("do", found); // of an older query
        auto *table = named<QTableView>(place, "Table of all features");
        QCOMPARE(table->model()->rowCount(), 8192);
        place.setMatches("don't", found);
        QVERIFY(table->isVisible());
        QCOMPARE(table->model()->rowCount(), 2);
        QCOMPARE(table->model()->index(0, FeatureTableModel::IndexColumn).data().toString(), QStringLiteral("7"));
        QCOMPARE(table->model()->index(0, FeatureTableModel::FoundColumn).data().toString(),
                 QStringLiteral("fires on ␣don't, 0.80"));
        search->clear();
        QTRY_COMPARE(asked.size(), 2);
        place.setMatches(QString(), {});
        QCOMPARE(table->model()->rowCount(), 8192);
    }

    void several_tokens_show_what_they_share_and_what_tells_them_apart() {
        FeaturesPlace place;
        show(place);
        place.setSelectedPositions({1, 2});
        auto *view = named<ActiveFeaturesView>(place, "Active features");
        auto *of = named<QComboBox>(place, "Features of several tokens");
        QVERIFY(of->isVisible());
        const auto active = sample::promptFeatures().active;
        const auto expected = [&](bool all) {
            std::map<int, int> places;
            for (const ActiveFeature &a : active)
                if (a.layer == 0 && (a.position == 1 || a.position == 2))
                    ++places[a.feature];
            return std::count_if(places.begin(), places.end(), [&](const auto &p) { return (p.second == 2) == all; });
        };
        for (const bool all : {true, false}) {
            of->setCurrentIndex(all ? 1 : 2);
            Q_EMIT of->activated(of->currentIndex());
            QCOMPARE(view->model()->index(0, 0).data(ActiveFeaturesModel::NoteRole).toString(),
                     QStringLiteral("%1 active").arg(expected(all)));
        }
        QVERIFY(expected(true) > 0 && expected(false) > 0);
    }

    void a_feature_in_a_list_has_its_menu() {
        FeaturesPlace place;
        show(place);
        place.setSelectedPositions({2});
        auto *view = named<ActiveFeaturesView>(place, "Active features");
        const QModelIndex row = view->model()->index(1, 0, view->model()->index(1, 0));
        Q_EMIT view->customContextMenuRequested(view->visualRect(row).center());
        auto *menu = place.findChild<QMenu *>(QString(), Qt::FindDirectChildrenOnly);
        QVERIFY(menu);
        QSignalSpy intervened(&place, &FeaturesPlace::interveneRequested);
        for (QAction *action : menu->actions())
            if (action->text() == "Intervene")
                action->trigger();
        QCOMPARE(intervened.size(), 1);
        QCOMPARE(intervened[0], (QVariantList{1, 2, row.data(ActiveFeaturesModel::IdRole).toInt()}));
        menu->close();
    }

    void the_scale_is_the_largest_on_the_corpus() {
        FeaturesPlace place;
        show(place);
        const auto dictionary = sample::dictionary();
        QCOMPARE(place.activationsOf(0, 0).maximum, std::max(dictionary->maximum[0], 6.7F));
    }

    void without_an_index_the_card_offers_to_make_one() {
        FeaturesPlace place;
        show(place);
        auto plain = std::make_shared<DictionarySummary>(*sample::dictionary());
        plain->indexed = false;
        plain->noIndex = "The index plt-k16 cannot be used: the transcoder's weights have changed since.";
        place.setDictionary(plain);
        place.chooseFeature(1, 100);
        QSignalSpy index(&place, &FeaturesPlace::indexRequested), stop(&place, &FeaturesPlace::indexStopRequested);
        named<QPushButton>(place, "Index the corpus")->click();
        QCOMPARE(index.size(), 1);
        place.setIndexing(true, 0.41, "Indexing generated-120k, 29 s left");
        named<QPushButton>(place, "Stop indexing")->click();
        QCOMPARE(stop.size(), 1);
        place.setIndexing(false, 0, {});
        QVERIFY(named<QPushButton>(place, "Index the corpus")->isVisible());
    }

    void the_card_is_copied_as_image_and_asked_for_as_text_and_json() {
        FeaturesPlace place;
        show(place);
        place.chooseFeature(1, 100);
        QSignalSpy text(&place, &FeaturesPlace::copyTextRequested), json(&place, &FeaturesPlace::copyJsonRequested);
        CardHead *head = place.findChild<CardHead *>();
        Q_EMIT head->copyTextRequested();
        Q_EMIT head->copyJsonRequested();
        QCOMPARE(text.size(), 1);
        QCOMPARE(json.size(), 1);
        Q_EMIT head->copyImageRequested();
        QVERIFY(!QApplication::clipboard()->image().isNull());
    }

    void a_token_says_its_id_and_the_probability_the_model_gave_it() {
        TokenChips chips;
        PromptFeatures features = sample::promptFeatures();
        features.given = {-1, 0.25, 0.5, 0.00012};
        chips.setPromptFeatures(features);
        QVERIFY(!chips.chip(0)->toolTip().contains("probability"));
        QVERIFY(chips.chip(1)->toolTip().contains("token id 12"));
        QVERIFY(chips.chip(1)->toolTip().contains("0.250"));
        QVERIFY(chips.chip(3)->toolTip().contains("0.000120"));
        const QAccessibleInterface *tokens = QAccessible::queryAccessibleInterface(&chips);
        QCOMPARE(tokens->childCount(), 4);
        for (int i = 0; i < 4; ++i) {
            QCOMPARE(tokens->child(i)->role(), QAccessible::Button);
            QCOMPARE(tokens->child(i)->text(QAccessible::Name),
                     QString::fromStdString(features.tokens[static_cast<size_t>(i)]));
        }
    }
};

QTEST_MAIN(TestFeatureInspector)
#include "test_feature_inspector.moc"
