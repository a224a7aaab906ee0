#include "fail_on_warning.h"
#include "sample_graph.h"
#include "ui/features/active_features_view.h"
#include "ui/features/features_place.h"
#include "ui/features/overview_view.h"
#include "ui/theme.h"

#include <QAbstractItemModelTester>
#include <QApplication>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QToolButton>
#include <QtTest>

using namespace tt;

class TestFeaturesPlace : public QObject {
    Q_OBJECT

    FailOnWarning guard_;

    template <class T>
    static T *named(const FeaturesPlace &place, const QString &name) {
        for (T *child : place.findChildren<T *>())
            if (child->accessibleName() == name)
                return child;
        qFatal("nothing is called %s", qPrintable(name));
    }
    static void show(FeaturesPlace &place, const std::vector<int> &positions) {
        place.resize(1184, 640);
        place.setHasTranscoder(true);
        place.setPromptFeatures(sample::promptFeatures());
        place.setSelectedPositions(positions);
        place.show();
    }
    static QModelIndex row(const ActiveFeaturesView &view, int layer, int row) {
        return view.model()->index(row, 0, view.model()->index(layer, 0));
    }
    static void click(QAbstractItemView &view, const QModelIndex &index) {
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, view.visualRect(index).center());
    }
    static int id(const QModelIndex &index) { return index.data(ActiveFeaturesModel::IdRole).toInt(); }

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void a_token_shows_its_features_of_each_layer_strongest_first() {
        FeaturesPlace place;
        show(place, {2});
        auto *view = named<ActiveFeaturesView>(place, "Active features");
        QAbstractItemModelTester tester(view->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        QVERIFY(view->isVisible());
        QCOMPARE(view->model()->rowCount(), 2);
        for (int layer = 0; layer < 2; ++layer) {
            QCOMPARE(view->model()->index(layer, 0).data().toString(), QStringLiteral("Layer %1").arg(layer));
            QCOMPARE(view->model()->index(layer, 0).data(ActiveFeaturesModel::NoteRole).toString(), "16 active");
            std::vector<float> expected;
            for (const ActiveFeature &active : sample::promptFeatures().active)
                if (active.position == 2 && active.layer == layer)
                    expected.push_back(active.activation);
            std::sort(expected.rbegin(), expected.rend());
            QCOMPARE(view->model()->rowCount(view->model()->index(layer, 0)), 10); // 9 and "Show 7 weaker"
            for (int i = 0; i < 9; ++i)
                QCOMPARE(row(*view, layer, i).data(ActiveFeaturesModel::ActivationRole).toDouble(),
                         double{expected[static_cast<size_t>(i)]});
        }
    }

    void weaker_features_are_shown_on_request() {
        FeaturesPlace place;
        show(place, {2});
        auto *view = named<ActiveFeaturesView>(place, "Active features");
        QAbstractItemModelTester tester(view->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        QSignalSpy chosen(&place, &FeaturesPlace::featureChosen);
        QCOMPARE(row(*view, 0, 9).data().toString(), "Show 7 weaker");
        click(*view, row(*view, 0, 9));
        QCOMPARE(view->model()->rowCount(view->model()->index(0, 0)), 16);
        QCOMPARE(row(*view, 0, 9).data(ActiveFeaturesModel::KindRole).toInt(), int{ActiveFeaturesModel::FeatureRow});
        QCOMPARE(view->model()->rowCount(view->model()->index(1, 0)), 10);
        QCOMPARE(chosen.size(), 0);
        QVERIFY(!view->isFirstColumnSpanned(9, view->model()->index(0, 0)));
    }

    void a_click_chooses_a_feature_without_touching_the_model() {
        FeaturesPlace place;
        show(place, {2});
        auto *view = named<ActiveFeaturesView>(place, "Active features");
        QSignalSpy chosen(&place, &FeaturesPlace::featureChosen);
        QSignalSpy reset(view->model(), &QAbstractItemModel::modelReset);
        click(*view, row(*view, 1, 3));
        QCOMPARE(chosen.size(), 1);
        QCOMPARE(chosen[0][0].toInt(), 1);
        QCOMPARE(chosen[0][1].toInt(), id(row(*view, 1, 3)));
        QVERIFY(view->selectionModel()->isRowSelected(3, view->model()->index(1, 0)));
        QCOMPARE(reset.size(), 0);
        QCOMPARE(named<QSpinBox>(place, "Layer")->value(), 1);
        QCOMPARE(named<QSpinBox>(place, "Feature")->value(), id(row(*view, 1, 3)));
    }

    void a_feature_among_the_weaker_is_opened_and_highlighted() {
        FeaturesPlace place;
        show(place, {2});
        auto *view = named<ActiveFeaturesView>(place, "Active features");
        std::vector<ActiveFeature> layer;
        for (const ActiveFeature &active : sample::promptFeatures().active)
            if (active.position == 2 && active.layer == 1)
                layer.push_back(active);
        place.chooseFeature(1, layer.back().feature);
        QCOMPARE(view->model()->rowCount(view->model()->index(1, 0)), 16);
        QCOMPARE(id(view->currentIndex().siblingAtColumn(0)), layer.back().feature);
    }

    void back_and_forward_follow_the_history() {
        FeaturesPlace place;
        show(place, {2});
        auto *view = named<ActiveFeaturesView>(place, "Active features");
        auto *back = named<QToolButton>(place, "Back"), *forward = named<QToolButton>(place, "Forward");
        const int first = id(row(*view, 0, 0)), second = id(row(*view, 0, 1)), third = id(row(*view, 0, 2));
        QVERIFY(!back->isEnabled());
        click(*view, row(*view, 0, 0));
        QVERIFY(!back->isEnabled());
        click(*view, row(*view, 0, 1));
        QSignalSpy chosen(&place, &FeaturesPlace::featureChosen);
        back->click();
        QCOMPARE(named<QSpinBox>(place, "Feature")->value(), first);
        QCOMPARE(chosen.size(), 1);
        QVERIFY(forward->isEnabled());
        forward->click();
        QCOMPARE(named<QSpinBox>(place, "Feature")->value(), second);
        back->click();
        click(*view, row(*view, 0, 2)); // a new way forgets what lay ahead
        QVERIFY(!forward->isEnabled());
        QCOMPARE(named<QSpinBox>(place, "Feature")->value(), third);
        back->click();
        QCOMPARE(id(view->currentIndex().siblingAtColumn(0)), first);
    }

    void without_a_token_the_strongest_features_of_the_prompt_are_shown() {
        FeaturesPlace place;
        show(place, {});
        auto *overview = named<OverviewView>(place, "Strongest features of this prompt");
        QAbstractItemModelTester tester(overview->model(), QAbstractItemModelTester::FailureReportingMode::QtTest);
        QVERIFY(overview->isVisible());
        QCOMPARE(overview->model()->rowCount(), 15);
        QCOMPARE(overview->model()->columnCount(), 2 + 4);
        QSignalSpy chosen(&place, &FeaturesPlace::featureChosen);
        click(*overview, overview->model()->index(4, 3));
        QCOMPARE(chosen.size(), 1);
        QCOMPARE(QStringLiteral("%1/%2").arg(chosen[0][0].toInt()).arg(chosen[0][1].toInt()),
                 overview->model()->index(4, 0).data().toString());
    }

    void activations_of_a_feature_colour_every_token() {
        FeaturesPlace place;
        show(place, {});
        // Feature 100 · layer + 0 is the first at every position: 6.4 + 0.1 · (position mod 4).
        const FeatureActivations activations = place.activationsOf(0, 0);
        QCOMPARE(activations.perPosition.size(), size_t{4});
        for (size_t position = 0; position < 4; ++position)
            QVERIFY(std::abs(activations.perPosition[position] - (6.4 + 0.1 * static_cast<double>(position))) < 1e-5);
        QVERIFY(activations.maximum >= 6.7F);
        QCOMPARE(place.activationsOf(0, 4095).maximum, 0.0F);
    }

    void tracing_names_the_strongest_selected_position() {
        FeaturesPlace place;
        show(place, {1});
        place.chooseFeature(0, 0);
        QSignalSpy traced(&place, &FeaturesPlace::traceFeatureRequested);
        named<QPushButton>(place, "Trace this feature")->click();
        QCOMPARE(traced.size(), 1);
        QCOMPARE(traced[0], (QVariantList{0, 1, 0}));
        place.setSelectedPositions({});
        named<QPushButton>(place, "Trace this feature")->click();
        QCOMPARE(traced[1], (QVariantList{0, 3, 0})); // the strongest of the prompt
        place.chooseFeature(0, 4095);                 // silent in this prompt
        QVERIFY(!named<QPushButton>(place, "Trace this feature")->isEnabled());
    }

    void a_new_prompt_keeps_the_feature_and_the_selection() {
        FeaturesPlace place;
        show(place, {1});
        place.chooseFeature(0, 0);
        PromptFeatures longer = sample::promptFeatures();
        longer.tokens.push_back(" there");
        place.setPromptFeatures(longer);
        auto *view = named<ActiveFeaturesView>(place, "Active features");
        QVERIFY(view->isVisible());
        QCOMPARE(named<QSpinBox>(place, "Feature")->value(), 0);
        QCOMPARE(id(view->currentIndex().siblingAtColumn(0)), 0);
    }

    void labels_notes_and_stars_can_be_undone_and_done_again() {
        FeaturesPlace place;
        show(place, {1});
        place.chooseFeature(0, 0);
        QSignalSpy edited(&place, &FeaturesPlace::noteEdited);
        const auto last = [&] { return edited.last()[2].value<FeatureNote>(); };
        auto *label = named<QLineEdit>(place, "Label");
        QTest::keyClicks(label, "opening");
        QTest::keyClick(label, Qt::Key_Return);
        QTest::keyClicks(label, " words"); // typing on is the same step
        QTest::keyClick(label, Qt::Key_Return);
        named<QToolButton>(place, "Star")->click();
        QCOMPARE(last(), (FeatureNote{.label = "opening words", .notes = {}, .starred = true}));
        QUndoStack *steps = place.undoStack();
        QCOMPARE(steps->count(), 2);
        QCOMPARE(steps->undoText(), QStringLiteral("star 0/0"));
        place.chooseFeature(0, 7);
        steps->undo();
        QCOMPARE(last(), (FeatureNote{.label = "opening words", .notes = {}, .starred = false}));
        QCOMPARE(named<QSpinBox>(place, "Feature")->value(), 0); // what was undone is seen
        QVERIFY(!named<QToolButton>(place, "Star")->isChecked());
        steps->undo();
        QCOMPARE(last(), FeatureNote());
        QCOMPARE(label->text(), QString());
        steps->redo();
        QCOMPARE(last().label, std::string("opening words"));
        QCOMPARE(label->text(), QStringLiteral("opening words"));
        QTest::keyClicks(named<QLineEdit>(place, "Notes"), "weak");
        QTest::keyClick(named<QLineEdit>(place, "Notes"), Qt::Key_Return);
        QCOMPARE(steps->undoText(), QStringLiteral("notes on 0/0"));
        QVERIFY(!steps->canRedo());
    }

    void empty_states_lead_on() {
        FeaturesPlace place;
        place.resize(1184, 640);
        place.show();
        QSignalSpy train(&place, &FeaturesPlace::goToTrain);
        named<QPushButton>(place, "Train a transcoder")->click();
        QCOMPARE(train.size(), 1);
        PromptFeatures quiet = sample::promptFeatures();
        std::erase_if(quiet.active, [](const ActiveFeature &active) { return active.position == 3; });
        place.setHasTranscoder(true);
        place.setPromptFeatures(quiet);
        place.setSelectedPositions({3});
        QVERIFY(!named<ActiveFeaturesView>(place, "Active features")->isVisible());
    }

    void a_click_to_repaint_is_measured() {
        FeaturesPlace place;
        show(place, {2});
        auto *view = named<ActiveFeaturesView>(place, "Active features");
        QTest::qWait(50);
        QElapsedTimer timer;
        timer.start();
        constexpr int times = 16;
        for (int i = 0; i < times; ++i) {
            click(*view, row(*view, i % 2, i % 9));
            place.repaint();
        }
        qInfo("click to repaint of the whole place: %.1f ms", static_cast<double>(timer.nsecsElapsed()) / 1e6 / times);
    }
};

QTEST_MAIN(TestFeaturesPlace)
#include "test_features_place.moc"
