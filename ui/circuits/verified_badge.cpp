#include "ui/circuits/verified_badge.h"

#include "ui/circuits/node_shape.h"
#include "ui/figures/words.h"
#include "ui/icons/icons.h"
#include "ui/theme.h"

#include <QEvent>
#include <QPainter>

#include <algorithm>

namespace tt {

namespace {

QFont badgeFont() {
    QFont face = tt::font(TextRole::SectionTitle);
    return face;
}

/// "3e-6", "4.1e-3": two figures, no leading zeros in the exponent.
QString small(double value) {
    QString text = QString::number(value, 'e', 1);
    return text.replace(QStringLiteral(".0e"), QStringLiteral("e"))
        .replace(QStringLiteral("e-0"), QStringLiteral("e-"));
}

QString nameOf(const Node &node) {
    return (kindName(node.kind) + u' ' + nodePlace(node)).trimmed();
}

constexpr double allowedError = 5e-4; // as of Verification::pass

} // namespace

VerifiedBadge::VerifiedBadge(QWidget *parent) : QAbstractButton(parent) {
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setVerification(std::nullopt);
}

void VerifiedBadge::setVerification(const std::optional<Verification> &verification) {
    verification_ = verification;
    setAccessibleName(words());
    setAccessibleDescription(sentence());
    setToolTip(plainToolTip(sentence()));
    updateGeometry();
    update();
}

QString VerifiedBadge::words() const {
    if (!verification_)
        return tr("Not checked yet");
    return verification_->pass ? tr("Verified") : tr("Not verified");
}

QString VerifiedBadge::sentence() const {
    if (!verification_)
        return tr("Verify re-runs frozen interventions against the edges.");
    const QString error = small(verification_->maxAbsError);
    if (verification_->pass)
        return tr("%1 effects, largest error %2").arg(count(verification_->checked), error);
    if (verification_->maxAbsError <= allowedError)
        return tr("edges and bias miss a pre-activation by %1 of it").arg(small(verification_->maxResidual));
    return tr("largest difference %1, allowed %2, at %3 → %4")
        .arg(error, small(allowedError), nameOf(verification_->worstSource), nameOf(verification_->worstTarget));
}

QSize VerifiedBadge::sizeHint() const {
    const QFontMetrics metrics(badgeFont());
    const int icon = verification_ ? scaled(20) : 0;
    return {metrics.horizontalAdvance(words()) + icon + scaled(16), std::max(scaled(24), metrics.height() + scaled(4))};
}

void VerifiedBadge::paintEvent(QPaintEvent *) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setFont(badgeFont());
    QRect room = rect().adjusted(scaled(8), 0, -scaled(8), 0);
    QColor ink = theme().secondaryInk;
    if (verification_) {
        const bool pass = verification_->pass;
        ink = pass ? theme().okText : theme().errorText;
        painter.setPen(Qt::NoPen);
        painter.setBrush(pass ? theme().okGround : theme().errorGround);
        painter.drawRoundedRect(rect(), scaled(4), scaled(4));
        const int side = scaled(16);
        const QPixmap sign =
            iconPixmap(pass ? QStringLiteral("check") : QStringLiteral("warning"), ink, side, devicePixelRatioF());
        painter.drawPixmap(QRect(room.left(), room.center().y() - side / 2 + 1, side, side), sign);
        room.setLeft(room.left() + scaled(20));
    }
    painter.setPen(ink);
    painter.drawText(room, Qt::AlignLeft | Qt::AlignVCenter, words());
    if (hasFocus()) {
        painter.setPen(QPen(theme().focus, 2));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(rect().adjusted(1, 1, -1, -1), scaled(4), scaled(4));
    }
}

void VerifiedBadge::changeEvent(QEvent *event) {
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange) {
        updateGeometry();
        update();
    }
    QAbstractButton::changeEvent(event);
}

} // namespace tt
