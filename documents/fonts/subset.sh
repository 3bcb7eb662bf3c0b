#!/bin/sh
# Makes the font files of this folder from Debian's font packages. Needed only to change them: the results are committed.
# Usage: ./subset.sh (on Debian, with python3 and `pip install fonttools==4.68.0`)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get download fonts-inter fonts-noto-core fonts-noto-cjk
for package in *.deb; do dpkg -x "$package" .; done

# subset SOURCE TARGET FEATURES OPTION...: hinting is for low-resolution screens, not for print.
subset() {
    source=$1 target=$2 features=$3
    shift 3
    SOURCE_DATE_EPOCH=0 pyftsubset "usr/share/fonts/$source" --output-file="$here/$target" --layout-features="$features" \
        --no-hinting --notdef-outline --name-IDs='*' --no-recalc-timestamp "$@"
}

# Latin, Greek, Cyrillic, with punctuation, currency signs, arrows and common symbols.
western=U+0000-052F,U+1D00-1DBF,U+1E00-1FFF,U+2000-22FF,U+25A0-27BF,U+FB00-FB06,U+FFFD
for weight in Regular SemiBold; do
    subset "opentype/inter/Inter-$weight.otf" "Inter-$weight.otf" ccmp,kern,locl,mark,mkmk,tnum --unicodes="$western"
done

for script in Arabic Hebrew; do
    for weight in Regular Bold; do
        subset "truetype/noto/NotoSans$script-$weight.ttf" "NotoSans$script-$weight.ttf" '*' --unicodes='*'
    done
done
for script in Armenian Devanagari Georgian Thai; do
    subset "truetype/noto/NotoSans$script-Regular.ttf" "NotoSans$script-Regular.ttf" '*' --unicodes='*'
done

# What the national standards of Japan, China, Taiwan (level 1) and Korea list, and every Hangul syllable.
python3 - > cjk.txt <<'PYTHON'
def characters(codec, first=0x81, last=0xFE):
    found = set()
    for lead in range(first, last + 1):
        for trail in range(0x40, 0xFF):
            try:
                found |= set(bytes([lead, trail]).decode(codec))
            except UnicodeDecodeError:
                pass
    return found

wanted = characters("cp932") | characters("gb2312") | characters("euc_kr") | characters("big5", last=0xC6)
wanted = {ord(character) for character in wanted} | set(range(0xAC00, 0xD7A4)) | {0x20BB7}
print("\n".join(f"U+{point:04X}" for point in sorted(wanted) if not 0xE000 <= point <= 0xF8FF))
PYTHON
subset opentype/noto/NotoSansCJK-Regular.ttc NotoSansCJKjp-Regular.otf ccmp,mark,mkmk --font-number=0 --unicodes-file=cjk.txt \
    --drop-tables+=vhea,vmtx,VORG,BASE
