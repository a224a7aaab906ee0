#include "ui/theme.h"

#include "ui/style/style.h"
#include "ui/theme_colours.h"
#include "ui/widgets/choice_accessible.h"
#include "ui/widgets/number_accessible.h"
#include "ui/widgets/roles.h"

#include <QApplication>
#include <QEvent>
#include <QFontDatabase>
#include <QPalette>
#include <QScreen>
#include <QStyle>
#include <QToolTip>

#include <algorithm>
#include <cmath>
#include <map>

namespace tt {
namespace {

constexpr double bodyPixels = 13, pointsPerPixel = 72.0 / 96.0;
constexpr double bodyPoints = bodyPixels * pointsPerPixel;
/// System fonts up to this size give the design's sizes; larger ones scale everything.
constexpr double ordinarySystemPoints = 10;

Theme &current() {
    static Theme theme = lightTheme();
    return theme;
}

QPalette paletteOf(const Theme &theme) {
    QPalette palette;
    const auto set = [&palette](QPalette::ColorRole role, const QColor &colour) { palette.setColor(role, colour); };
    set(QPalette::Window, theme.background), set(QPalette::WindowText, theme.ink);
    set(QPalette::Base, theme.panel), set(QPalette::AlternateBase, theme.alternate), set(QPalette::Text, theme.ink);
    set(QPalette::Button, theme.panel), set(QPalette::ButtonText, theme.ink);
    set(QPalette::BrightText, theme.secondaryInk), set(QPalette::PlaceholderText, theme.tertiaryInk);
    set(QPalette::Highlight, theme.selected), set(QPalette::HighlightedText, theme.ink);
    set(QPalette::Link, theme.link), set(QPalette::LinkVisited, theme.link);
    set(QPalette::ToolTipBase, theme.panel), set(QPalette::ToolTipText, theme.ink);
    set(QPalette::Light, theme.panel), set(QPalette::Midlight, theme.innerLine), set(QPalette::Mid, theme.line);
    set(QPalette::Dark, theme.fieldBorder), set(QPalette::Shadow, theme.line);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText})
        palette.setColor(QPalette::Disabled, role, theme.disabledInk);
    return palette;
}

/// The system's choice, read from its palette because Qt 6.4 has no colour scheme: ours is put aside for the moment.
bool systemIsDark(QApplication &application) {
    const QByteArray wish = qgetenv("TT_COLOR_SCHEME").toLower();
    if (wish == "dark" || wish == "light")
        return wish == "dark";
    application.setPalette(QPalette());
    return application.palette().color(QPalette::Window).lightness() < 128;
}

QString firstFamily(const QStringList &wanted, QFontDatabase::SystemFont fallback) {
    const QStringList present = QFontDatabase::families();
    for (const QString &family : wanted)
        if (present.contains(family))
            return family;
    return QFontDatabase::systemFont(fallback).family();
}

void applyColours(QApplication &application) {
    current() = systemIsDark(application) ? darkTheme() : lightTheme();
    application.setPalette(paletteOf(current()));
    QToolTip::setPalette(paletteOf(current()));
    refreshRoles();
}

/// Follows the system's colours and fonts while the program runs.
class ThemeFollower : public QObject {
public:
    explicit ThemeFollower(QApplication *application) : QObject(application) { application->installEventFilter(this); }

    bool eventFilter(QObject *watched, QEvent *event) override {
        if (event->type() == QEvent::ThemeChange && !busy_) {
            busy_ = true;
            applyColours(*static_cast<QApplication *>(parent()));
            busy_ = false;
        } else if (event->type() == QEvent::ApplicationFontChange && watched == parent()) {
            refreshRoles();
        }
        return QObject::eventFilter(watched, event);
    }

private:
    bool busy_ = false;
};

double fontScale() {
    const double points = QApplication::font().pointSizeF();
    return points > 0 ? points / bodyPoints : 1;
}

} // namespace

const Theme &theme() {
    return current();
}

void applyTheme(QApplication &application) {
    application.setStyle(new Style);
    installNumberAccessible();
    installChoiceAccessible();
    QFont body = QFontDatabase::systemFont(QFontDatabase::GeneralFont);
    const double scale = std::max(1.0, body.pointSizeF() / ordinarySystemPoints);
    body.setFamily(firstFamily({QStringLiteral("Inter")}, QFontDatabase::GeneralFont));
    body.setPointSizeF(bodyPoints * scale);
    application.setFont(body);
    applyColours(application);
    if (!application.findChild<QObject *>(QStringLiteral("ttThemeFollower"), Qt::FindDirectChildrenOnly))
        (new ThemeFollower(&application))->setObjectName(QStringLiteral("ttThemeFollower"));
}

namespace {
QFont makeFont(TextRole role) {
    static const QString mono =
        firstFamily({QStringLiteral("DejaVu Sans Mono"), QStringLiteral("Liberation Mono")}, QFontDatabase::FixedFont);
    QFont result = QApplication::font();
    const auto pixels = [&result](double size) { result.setPointSizeF(size * pointsPerPixel * fontScale()); };
    switch (role) {
    case TextRole::Body:
        break;
    case TextRole::Secondary:
        pixels(12);
        break;
    case TextRole::Small:
        pixels(11);
        break;
    case TextRole::Heading:
        pixels(15), result.setWeight(QFont::DemiBold);
        break;
    case TextRole::SectionTitle:
        result.setWeight(QFont::DemiBold);
        break;
    case TextRole::Mono:
        pixels(12), result.setFamily(mono);
        break;
    case TextRole::MonoSmall:
        pixels(11), result.setFamily(mono);
        break;
    }
    return result;
}
} // namespace

/// Made once: delegates ask for a font in every cell, and one that was used before has its glyphs at hand.
QFont font(TextRole role) {
    static QFont madeFor;
    static std::map<TextRole, QFont> made;
    const QFont body = QApplication::font();
    if (body != madeFor) {
        madeFor = body;
        made.clear();
    }
    const auto known = made.find(role);
    return known != made.end() ? known->second : made.emplace(role, makeFont(role)).first->second;
}

int scaled(double designPixels) {
    const QScreen *screen = QGuiApplication::primaryScreen();
    const double dots = screen ? screen->logicalDotsPerInch() / 96.0 : 1.0;
    return std::max(designPixels > 0 ? 1 : 0, static_cast<int>(std::lround(designPixels * fontScale() * dots)));
}

} // namespace tt
