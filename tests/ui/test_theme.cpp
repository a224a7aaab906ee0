#include "ui/fail_on_warning.h"

#include "ui/theme.h"
#include "ui/theme_colours.h"
#include "ui/widgets/roles.h"

#include <QApplication>
#include <QLabel>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include <cmath>

using namespace tt;

namespace {

/// WCAG 2.1 written down a second time, from the hex value.
double luminanceOfHex(unsigned rgb) {
    const auto linear = [](unsigned channel) {
        const double c = channel / 255.0;
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(rgb >> 16 & 255U) + 0.7152 * linear(rgb >> 8 & 255U) + 0.0722 * linear(rgb & 255U);
}
double contrastOfHex(unsigned a, unsigned b) {
    const double la = luminanceOfHex(a), lb = luminanceOfHex(b);
    return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}
unsigned hexOf(const QColor &colour) {
    return colour.rgb() & 0xFFFFFFU;
}

struct Pair {
    const char *name;
    QColor text, ground;
};

std::vector<Pair> textPairs(const Theme &t) {
    std::vector<Pair> pairs;
    for (const QColor &ground : {t.background, t.panel, t.alternate, t.rail, t.selected, t.hover}) {
        pairs.push_back({"ink", t.ink, ground});
        pairs.push_back({"ink2", t.secondaryInk, ground});
        pairs.push_back({"link", t.link, ground});
    }
    for (const QColor &ground : {t.background, t.panel, t.alternate})
        pairs.push_back({"ink3", t.tertiaryInk, ground});
    pairs.push_back({"accent", t.accentText, t.accent});
    pairs.push_back({"ok", t.okText, t.okGround});
    pairs.push_back({"warning", t.warningText, t.warningGround});
    pairs.push_back({"error", t.errorText, t.errorGround});
    pairs.push_back({"error on panel", t.errorText, t.panel});
    for (const auto &node : t.nodes)
        pairs.push_back({"node", node.text, node.fill});
    return pairs;
}

} // namespace

class TestTheme : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

    static void use(const char *scheme) {
        qputenv("TT_COLOR_SCHEME", scheme);
        applyTheme(*qApp);
    }

private Q_SLOTS:
    void cleanup() { qunsetenv("TT_COLOR_SCHEME"); }

    void every_text_has_at_least_four_and_a_half_to_one_on_its_ground_data() {
        QTest::addColumn<bool>("dark");
        QTest::newRow("light") << false;
        QTest::newRow("dark") << true;
    }
    void every_text_has_at_least_four_and_a_half_to_one_on_its_ground() {
        QFETCH(bool, dark);
        const Theme t = dark ? darkTheme() : lightTheme();
        for (const Pair &pair : textPairs(t)) {
            const double ratio = contrastOfHex(hexOf(pair.text), hexOf(pair.ground));
            QVERIFY2(ratio >= 4.5, qPrintable(QStringLiteral("%1: %2 on %3 is %4")
                                                  .arg(QLatin1String(pair.name), pair.text.name(), pair.ground.name())
                                                  .arg(ratio)));
        }
    }
    void borders_and_marks_have_at_least_three_to_one() {
        for (const Theme &t : {lightTheme(), darkTheme()}) {
            for (const QColor &mark : {t.fieldBorder, t.focus, t.edgeRaises, t.edgeLowers, t.curves[0], t.curves[1],
                                       t.curves[2], t.curves[3]})
                QVERIFY2(contrastOfHex(hexOf(mark), hexOf(t.panel)) >= 3.0, qPrintable(mark.name()));
            for (const auto &node : t.nodes)
                QVERIFY2(contrastOfHex(hexOf(node.border), hexOf(t.panel)) >= 3.0, qPrintable(node.border.name()));
        }
    }
    void contrast_is_that_of_wcag() {
        QCOMPARE(contrast(Qt::black, Qt::white), 21.0);
        QVERIFY(std::abs(contrast(QColor(0x77, 0x77, 0x77), Qt::white) - 4.478) <
                0.001); // WebAIM's published value 4.48
    }

    void the_activation_scale_moves_away_from_the_ground_monotonely_data() {
        QTest::addColumn<QByteArray>("scheme");
        QTest::newRow("light") << QByteArray("light");
        QTest::newRow("dark") << QByteArray("dark");
    }
    void the_activation_scale_moves_away_from_the_ground_monotonely() {
        QFETCH(QByteArray, scheme);
        use(scheme.constData());
        double before = 1;
        for (int i = 1; i <= 200; ++i) {
            const QColor fill = activationColour(i / 200.0);
            const double fromGround = contrastOfHex(hexOf(fill), hexOf(theme().panel));
            QVERIFY2(fromGround >= before - 1e-9, qPrintable(QString::number(i)));
            before = fromGround;
            QVERIFY(contrastOfHex(hexOf(textOn(fill)), hexOf(fill)) >= 4.5);
        }
        QVERIFY(before > 4);
    }
    void no_activation_has_no_fill_and_more_than_the_maximum_the_last_colour() {
        use("light");
        QCOMPARE(activationColour(0).alpha(), 0);
        QCOMPARE(activationColour(-1).alpha(), 0);
        QCOMPARE(activationColour(std::nan("")).alpha(), 0);
        QCOMPARE(activationColour(1).name(), QStringLiteral("#a05200"));
        QCOMPARE(activationColour(1.7).name(), QStringLiteral("#a05200"));
        QCOMPARE(activationColour(0.5).name(), QStringLiteral("#ffbf3f"));
    }

    void the_environment_overrides_the_system_and_widgets_follow() {
        use("light");
        QLabel label(QStringLiteral("word"));
        setInk(&label, Ink::Secondary);
        QCOMPARE(label.palette().color(QPalette::WindowText), lightTheme().secondaryInk);
        use("dark");
        QVERIFY(theme().dark);
        QCOMPARE(qApp->palette().color(QPalette::Window), darkTheme().background);
        QCOMPARE(label.palette().color(QPalette::WindowText), darkTheme().secondaryInk);
    }
    void a_change_of_the_systems_theme_is_followed() {
        use("light");
        qputenv("TT_COLOR_SCHEME", "dark");
        QEvent event(QEvent::ThemeChange);
        QLabel window;
        QCoreApplication::sendEvent(&window, &event);
        QVERIFY(theme().dark);
        use("light");
    }
    void a_button_shows_the_keyboards_focus_data() {
        QTest::addColumn<bool>("flat");
        QTest::newRow("flat") << true;
        QTest::newRow("framed") << false;
    }
    void a_button_shows_the_keyboards_focus() {
        QFETCH(bool, flat);
        use("light");
        QWidget window;
        QToolButton button(&window), other(&window);
        for (QToolButton *each : {&button, &other}) {
            each->setAutoRaise(flat);
            each->setFocusPolicy(Qt::StrongFocus);
            each->setGeometry(each == &button ? 10 : 60, 40, 40, 28); // the pointer is elsewhere
        }
        window.show();
        window.activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        other.setFocus(Qt::TabFocusReason);
        const QImage without = button.grab().toImage();
        button.setFocus(Qt::TabFocusReason);
        const QImage with = button.grab().toImage();
        QVERIFY(with != without);
        QCOMPARE(with.pixelColor(20, 1), theme().focus);
    }

    void lengths_and_fonts_follow_the_applications_font() {
        use("light");
        const QFont before = qApp->font();
        const int pane = scaled(100);
        QLabel label(QStringLiteral("word"));
        setTextRole(&label, TextRole::Mono);
        const double mono = label.font().pointSizeF();
        QFont larger = before;
        larger.setPointSizeF(before.pointSizeF() * 1.3);
        qApp->setFont(larger);
        QCOMPARE(scaled(100), static_cast<int>(std::lround(pane * 1.3)));
        QVERIFY(std::abs(label.font().pointSizeF() / mono - 1.3) < 0.01);
        qApp->setFont(before);
    }
};

QTEST_MAIN(TestTheme)
#include "test_theme.moc"
