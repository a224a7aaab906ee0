#include "ui/icons/icons.h"

#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

/// The icons lie in a static library: the linker would drop their registration.
static void useIcons() {
    Q_INIT_RESOURCE(icons);
}

namespace tt {
namespace {

/// The drawings use currentColor throughout; the SVG renderer does not know it, so it is put in before.
QByteArray drawing(const QString &name, const QColor &colour) {
    [[maybe_unused]] static const bool used = (useIcons(), true);
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly)) {
        qWarning("There is no icon named %s.", qPrintable(name));
        return {};
    }
    return file.readAll().replace("currentColor", colour.name().toLatin1());
}

QColor colourOf(QIcon::Mode mode, QIcon::State state) {
    if (mode == QIcon::Disabled)
        return theme().disabledInk;
    return state == QIcon::On ? theme().link : theme().secondaryInk;
}

/// Paints in the theme's colours of the moment, so that a change of theme needs no new icons.
class ThemeIconEngine : public QIconEngine {
public:
    explicit ThemeIconEngine(QString name) : name_(std::move(name)) {}

    void paint(QPainter *painter, const QRect &rect, QIcon::Mode mode, QIcon::State state) override {
        const int size = std::min(rect.width(), rect.height());
        const QPixmap picture = iconPixmap(name_, colourOf(mode, state), size, painter->device()->devicePixelRatioF());
        painter->drawPixmap(rect.center() - QPoint((size - 1) / 2, (size - 1) / 2), picture);
    }
    QPixmap pixmap(const QSize &size, QIcon::Mode mode, QIcon::State state) override {
        return iconPixmap(name_, colourOf(mode, state), std::min(size.width(), size.height()), 1);
    }
    [[nodiscard]] QIconEngine *clone() const override { return new ThemeIconEngine(name_); }

private:
    QString name_;
};

} // namespace

QIcon icon(const QString &name) {
    return QIcon(new ThemeIconEngine(name));
}

QPixmap iconPixmap(const QString &name, const QColor &colour, int size, double devicePixelRatio) {
    const QString key = QStringLiteral("tt-icon/%1/%2/%3/%4").arg(name, colour.name()).arg(size).arg(devicePixelRatio);
    QPixmap picture;
    if (QPixmapCache::find(key, &picture))
        return picture;
    picture = QPixmap(QSize(size, size) * devicePixelRatio);
    picture.setDevicePixelRatio(devicePixelRatio);
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    QSvgRenderer renderer(drawing(name, colour));
    renderer.render(&painter, QRectF(0, 0, size, size));
    QPixmapCache::insert(key, picture);
    return picture;
}

QPixmap iconPixmap(const QString &name, Ink ink, int size, double devicePixelRatio) {
    return iconPixmap(name, inkColour(ink), size, devicePixelRatio);
}

} // namespace tt
