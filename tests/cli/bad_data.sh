#!/bin/sh
# covers: cmd_data.c
# Data that cannot be used: one clear line each, exit code 3, nothing left behind.
. "$(dirname "$0")/lib.sh.inc"

check() { "$NASMITH" data check "$@"; }

fails 3 'absent' check absent.csv
mkdir empty && fails 3 'empty' check empty

# tables
printf 'a,b,y\n1,2,0\n2,3,1\n3,4,0\n4,5,1\n' > ok.csv
fails 2 'no column `z`|column `z`' check ok.csv --label z
printf 'a,b,y\n1,2,0\n2,x,1\n3,4,0\n4,5,1\n' > word.csv
fails 3 'word.csv:3:3.*b' check word.csv --label y
printf 'a,b,y\n1,2,0\n2,3,\n3,4,0\n4,5,1\n' > missing.csv
fails 3 'missing.csv:3:5.*y' check missing.csv --label y
printf 'a,b,y\n1,2,0\n2,3,nan\n3,4,0\n4,5,1\n' > nan.csv
fails 3 'nan.csv:3' check nan.csv --label y
printf 'a,b,y\n1,2,0\n2,3\n3,4,0\n4,5,1\n' > short.csv
fails 3 'short.csv:3' check short.csv --label y
printf 'a,b,y\n1,2,one\n2,3,one\n3,4,one\n4,5,one\n' > oneclass.csv
fails 3 'class' check oneclass.csv --label y
printf 'a,b,y\n1,2,p\n2,3,p\n3,4,p\n4,5,q\n' > single.csv
fails 3 'q' check single.csv --label y
printf 'a,b,y\n7,7,p\n7,7,q\n7,7,p\n7,7,q\n7,7,p\n7,7,q\n' > constant.csv
fails 3 'constant' check constant.csv --label y
: > nothing.csv
fails 3 'nothing.csv' check nothing.csv

# IDX
printf '\000\000\010\003' > train-images-idx3-ubyte
fails 3 'train-images' check train-images-idx3-ubyte
mkdir idx
printf '\000\000\010\003\000\000\000\002\000\000\000\002\000\000\000\002abcdefgh' > idx/train-images-idx3-ubyte
fails 3 'label' check idx
printf '\000\000\010\001\000\000\000\003\000\001\000' > idx/train-labels-idx1-ubyte
fails 3 '2.*3|3.*2' check idx
printf '\000\000\010\003\000\000\000\011\000\000\000\002\000\000\000\002abcdefgh' > idx/train-images-idx3-ubyte
fails 3 'truncated|short|bytes' check idx
printf 'not an idx file at all' > idx/train-images-idx3-ubyte
fails 3 'idx' check idx

# images
mkdir -p png/cat png/dog
printf 'no image' > png/cat/1.png
cp png/cat/1.png png/dog/2.png
fails 3 'png' check png
mkdir -p sizes/a sizes/b
printf 'P2 2 2 9 1 2 3 4' > sizes/a/1.pgm
printf 'P2 3 2 9 1 2 3 4 5 6' > sizes/b/1.pgm
fails 3 'differ in size' check sizes
grep -q 'image-size 2x3' err.txt || { echo 'FAIL no hint at --image-size'; failures=1; }
fails 2 '8x8x8' check sizes --image-size 8x8x8
fails 2 'stretch' check sizes --image-size 8 --image-fit stretch
printf 'P2 3 2 9 1 2 3 4 5' > sizes/b/1.pgm
cp sizes/a/1.pgm sizes/a/2.pgm
cp sizes/b/1.pgm sizes/b/2.pgm
fails 3 'b/1.pgm.*PNM.*no number' check sizes --image-size 4
mkdir flat && cp sizes/a/1.pgm flat
fails 3 'no class folders' check flat
fails 2 'none of class' check flat --names 'kind_*'
printf 'path,label\n1.pgm,a\nflat/1.pgm,b\n' > list.csv
cp sizes/a/1.pgm .
fails 3 'class `a` has 1' check list.csv
printf 'path,label\n1.pgm,a\ngone.pgm,b\n' > list.csv
fails 3 'list.csv:3:1.*gone.pgm.*no file' check list.csv

# sound and recordings
mkdir -p sound/a sound/b
printf 'RIFF\020\000\000\000WAVEfmt ' > sound/a/1.wav
printf 'RIFF\020\000\000\000WAVEfmt ' > sound/b/1.wav
fails 3 'a/1.wav.*no readable recording' check sound
mkdir -p steps/a steps/b
printf 'x,z\n1,2\n3,4\n' > steps/a/1.csv
printf 'x,z\n1,2\n3,?\n' > steps/b/1.csv
fails 3 'b/1.csv:3:3.*expected a number' check steps
printf 'x,z\n1,2\n3,4\n' > steps/b/1.csv
fails 3 'no recording has the 9 steps' check steps --window 9
fails 2 'exclude each other' check steps --window 2 --length 2
fails 2 'no column `when`' check steps --time-column when
printf 'who,t,x,y\na,1,1,u\na,2,1,u\n' > long.csv
fails 2 'no column `whom`' check long.csv --window 2 --group whom

# arrays and archives
printf '\223NUMPY\001\000' > x.npy
fails 3 'x.npy' check x.npy
printf 'PK\003\004' > data.npz
fails 3 'ZIP archive' check data.npz
printf '@problemName x\n@data\n1,2:a\n1,x:b\n' > x.ts
fails 3 'x.ts:4:3.*expected a number' check x.ts
printf '@relation x\n@attribute a string\n' > x.arff
fails 3 'x.arff:2:14' check x.arff
mkdir parts
printf 'a,b,y\n1,2,p\n2,3,q\n3,4,p\n4,5,q\n5,6,p\n6,7,q\n' > parts/train.csv
printf 'a,y\n1,p\n2,q\n' > parts/test.csv
fails 3 'lacks the column `b`' check parts
finish
